#include "tests/peer/mbedtls_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <thread>

#include "tests/support/certificates.h"

namespace privyseal::peer {
namespace {

using test::Credential;
using test::TestCa;
constexpr std::chrono::seconds kWait{10};

class MbedTls : public testing::Test {
 protected:
  struct Outcome {
    Result<TlsFacts> client = fail(ErrorCode::kUnavailable, "no handshake");
    Result<TlsFacts> server = fail(ErrorCode::kUnavailable, "no handshake");
    Bytes session;
    int tickets = 0;
  };

  /// A handshake, then one byte to the client.
  Outcome handshake() {
    Outcome outcome;
    auto listener = TcpListener::open(0);
    EXPECT_TRUE(listener);
    std::thread serving([&] { outcome.server = serve(*listener); });
    auto socket = TcpSocket::connect(listener->port());
    EXPECT_TRUE(socket);
    outcome.client = ask(&*socket, &outcome);
    socket->shut_down();
    serving.join();
    return outcome;
  }

  TestCa ca_{"CA"};
  TestCa other_ca_{"other CA"};
  Credential relay_ = ca_.issue({.dns_names = {"relay.example"}});
  Credential gateway_ = ca_.issue({.dns_names = {"gateway.example"}});
  TlsOptions server_{
      .ca_pem = ca_.pem(), .chain_pem = relay_.chain_pem, .key_pem = relay_.key_pem, .server_name = {}};
  TlsOptions client_{.ca_pem = ca_.pem(),
                     .chain_pem = gateway_.chain_pem,
                     .key_pem = gateway_.key_pem,
                     .server_name = "relay.example"};

 private:
  Result<TlsFacts> serve(const TcpListener& listener) {
    auto socket = listener.accept();
    if (!socket) return std::unexpected(socket.error());
    auto stream = MbedTlsStream::accept(&*socket, server_, kWait);
    if (!stream) return std::unexpected(stream.error());
    if (auto sent = stream->write("x", kWait); !sent) return std::unexpected(sent.error());
    std::array<char, 1> byte;
    static_cast<void>(stream->read(byte, kWait));  // until the client is done with its tickets
    return stream->facts();
  }

  Result<TlsFacts> ask(TcpSocket* socket, Outcome* outcome) {
    auto stream = MbedTlsStream::connect(socket, client_, kWait);
    if (!stream) return std::unexpected(stream.error());
    std::array<char, 1> byte;
    if (auto got = stream->read(byte, kWait); !got) return std::unexpected(got.error());
    outcome->tickets = stream->tickets_received();
    if (outcome->tickets > 0) outcome->session = stream->session().value_or(Bytes{});
    stream->close();
    return stream->facts();
  }
};

TEST_F(MbedTls, BothSidesTellTheSameFacts) {
  const Outcome outcome = handshake();
  ASSERT_TRUE(outcome.client) << outcome.client.error().message;
  ASSERT_TRUE(outcome.server) << outcome.server.error().message;
  EXPECT_EQ(outcome.server->version, TlsVersion::kTls13);
  EXPECT_EQ(outcome.server->suite, outcome.client->suite);
  EXPECT_THAT(outcome.server->suite, testing::MatchesRegex("TLS_[A-Z0-9_]+_SHA(256|384)"));
  EXPECT_EQ(outcome.server->peer_subject, "CN=gateway.example");
  EXPECT_EQ(outcome.client->peer_subject, "CN=relay.example");
  EXPECT_EQ(outcome.server->peer_serial.size(), 32U);
  EXPECT_EQ(outcome.server->session_id.size(), 32U);
  EXPECT_EQ(outcome.server->session_id, outcome.client->session_id);
  EXPECT_NE(handshake().server->session_id, outcome.server->session_id);
}

TEST_F(MbedTls, SpeaksTls12WhenTold) {
  client_.most = TlsVersion::kTls12;
  EXPECT_EQ(handshake().server->version, TlsVersion::kTls12);
  server_.least = TlsVersion::kTls13;
  EXPECT_FALSE(handshake().server);
}

TEST_F(MbedTls, ServerSeesAClientThatWantsToResume) {
  server_.tickets = std::make_shared<TicketKeys>();
  const Outcome first = handshake();
  ASSERT_TRUE(first.client) << first.client.error().message;
  ASSERT_TRUE(first.server) << first.server.error().message;
  EXPECT_FALSE(first.server->resumption_offered);
  ASSERT_GT(first.tickets, 0);
  ASSERT_FALSE(first.session.empty());
  client_.session = first.session;
  const Outcome second = handshake();
  ASSERT_TRUE(second.server) << second.server.error().message;
  EXPECT_TRUE(second.server->resumption_offered);
}

TEST_F(MbedTls, GivesNoTicketsWithoutKeysForThem) { EXPECT_EQ(handshake().tickets, 0); }

TEST_F(MbedTls, ClientRefusesAnotherName) {
  client_.server_name = "other.example";
  EXPECT_EQ(handshake().client.error().code, ErrorCode::kDenied);
}

TEST_F(MbedTls, ClientRefusesAnotherCa) {
  client_.ca_pem = other_ca_.pem();
  EXPECT_EQ(handshake().client.error().code, ErrorCode::kDenied);
}

TEST_F(MbedTls, ClientRefusesAnExpiredCertificate) {
  const auto expired = ca_.issue({.dns_names = {"relay.example"}, .ends = std::chrono::hours(-1)});
  server_.chain_pem = expired.chain_pem;
  server_.key_pem = expired.key_pem;
  EXPECT_EQ(handshake().client.error().code, ErrorCode::kDenied);
}

TEST_F(MbedTls, ServerRefusesAClientWithoutACertificate) {
  client_.chain_pem.clear();
  EXPECT_FALSE(handshake().server);
}

TEST_F(MbedTls, ServerRefusesAClientOfAnotherCa) {
  const auto foreign = other_ca_.issue({.dns_names = {"gateway.example"}});
  client_.chain_pem = foreign.chain_pem;
  client_.key_pem = foreign.key_pem;
  EXPECT_FALSE(handshake().server);
}

}  // namespace
}  // namespace privyseal::peer
