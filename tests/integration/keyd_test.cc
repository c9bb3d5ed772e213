// keyd as its callers see it: what it signs, what it refuses, and that it stays there.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "firmware/base/file.h"
#include "hsm/keyd/test_keys.h"
#include "tests/integration/keyd_fixture.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Keyd : public KeydTest {};

TEST_F(Keyd, SignsHandshakesForTheGateway) {
  for (const auto type : {kP256, kP384}) {
    const std::string name = type == kP256 ? "small" : "big";
    const auto key = generate(name, kCjsm, type);
    for (const std::string side : {"server", "client"})
      for (const std::size_t hash_bytes : {32U, 48U}) {
        const Bytes message = certificate_verify(side, 'h', hash_bytes);
        const auto signature = gateway_signs(name, message);
        ASSERT_TRUE(signature) << signature.error().message << keyd.log();
        EXPECT_TRUE(is_signature_of(key, message, *signature));
        EXPECT_FALSE(is_signature_of(key, certificate_verify(side, 'x', hash_bytes), *signature));
      }
  }
  EXPECT_EQ(keyd.stop(), 0) << keyd.log();
}

TEST_F(Keyd, SignsACsrForProvisioning) {
  // The subject and extensions of a software key's request, for the public key in the token.
  const auto key = generate("egress");
  const keyd::TestKey software = keyd::make_test_key("P-256");
  const Bytes software_spki = keyd::spki_of(software);
  const Bytes foreign = keyd::request_info_of(software);
  Bytes own = foreign;
  const auto at = std::ranges::search(own, software_spki).begin();
  ASSERT_EQ(key.public_key.size(), software_spki.size());
  std::ranges::copy(key.public_key, at);

  const auto signature = provisioning.sign_csr("egress", own);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(key, own, *signature));
  EXPECT_EQ(provisioning.sign_csr("egress", foreign).error().code, ErrorCode::kDenied);
  EXPECT_EQ(provisioning.sign_csr("egress", certificate_verify("client")).error().code, ErrorCode::kDenied);
  EXPECT_THAT(keyd.log(), HasSubstr("signature-refused caller=provisioning"));
  EXPECT_EQ(uses_of("egress"), (hsm::KeyUses{.name = "egress", .csr = 1, .refused = 2}));
}

TEST_F(Keyd, RefusesTheGatewayEverythingButHandshakes) {
  const auto key = generate("egress");
  generate("lan", kLan);
  const auto info = keyd::request_info_of(keyd::make_test_key("P-256"));
  const auto refused = [&](auto&& act) {
    const auto result = as_gateway(act);
    return !result && result.error().code == ErrorCode::kDenied;
  };
  const std::vector<std::string> not_signed{
      std::string(32, 'd'),  // a digest
      std::string(48, 'd'),
      std::string(text_of(info)),
      std::string(text_of(certificate_verify("editor"))),
      std::string(text_of(certificate_verify("server"))).substr(1),
      std::string(text_of(certificate_verify("server"))) + "x",
      std::string(100, 'r'),  // as long as a TLS 1.2 ServerKeyExchange
  };
  for (const std::string& message : not_signed)
    EXPECT_TRUE(refused([&](hsm::Client& client) { return client.sign_tls13("egress", bytes_of(message)); }))
        << message.size();
  EXPECT_TRUE(refused([&](hsm::Client& client) { return client.sign_csr("egress", info); }));
  EXPECT_TRUE(refused([&](hsm::Client& client) { return client.sign_csr("no-such-key", info); }));
  EXPECT_TRUE(refused([&](hsm::Client& client) { return client.generate("mine", kCjsm, kP256); }));
  EXPECT_TRUE(refused([&](hsm::Client& client) { return client.list_keys(); }));
  EXPECT_TRUE(
      refused([&](hsm::Client& client) { return client.sign_tls13("lan", certificate_verify("client")); }));

  const std::string log = keyd.log();
  EXPECT_THAT(log,
              HasSubstr("signature-refused caller=gateway pid=" + std::to_string(::getpid()) +
                        " asked=sign-tls13 key=egress why=\"it is no TLS 1.3 CertificateVerify input\""));
  EXPECT_THAT(log, HasSubstr("asked=sign-csr key=egress why=\"this caller may not do that\""));
  EXPECT_THAT(log, HasSubstr("asked=sign-tls13-client key=lan why=\"this caller may not do that\""));
  EXPECT_EQ(uses_of("egress"), (hsm::KeyUses{.name = "egress", .refused = not_signed.size() + 1}));
  EXPECT_EQ(uses_of("lan"), (hsm::KeyUses{.name = "lan", .refused = 1}));
}

TEST_F(Keyd, GrantsTheGatewayWhatItNeeds) {
  const auto key = generate("egress");
  generate("lan", kLan);
  as_gateway([&](hsm::Client& client) {
    EXPECT_EQ(client.find_key("egress"), key);
    EXPECT_TRUE(client.find_key("lan"));
    EXPECT_EQ(client.find_key("no-such-key").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(client.health(), true);
    EXPECT_TRUE(client.uses());
    EXPECT_TRUE(client.sign_tls13("lan", certificate_verify("server")));
  });
}

TEST_F(Keyd, RefusesProvisioningTheGatewaysSignatures) {
  generate("egress");
  EXPECT_EQ(provisioning.sign_tls13("egress", certificate_verify("client")).error().code, ErrorCode::kDenied);
  EXPECT_EQ(provisioning.sign_tls13("egress", certificate_verify("server")).error().code, ErrorCode::kDenied);
  EXPECT_EQ(uses_of("egress"), (hsm::KeyUses{.name = "egress", .refused = 2}));
}

TEST_F(Keyd, RefusesForeignUsers) {
  generate("egress");
  constexpr uid_t kForeign = 4242;
  const auto health = as_user(kForeign, [&] { return hsm::Client(keyd.socket(), kDeadline).health(); });
  EXPECT_FALSE(health);
  EXPECT_THAT(keyd.log(), HasSubstr("caller-refused uid=4242 pid=" + std::to_string(::getpid())));
  EXPECT_EQ(provisioning.health(), true);
}

TEST_F(Keyd, KeepsNamesUnique) {
  generate("egress");
  EXPECT_EQ(provisioning.generate("egress", kCjsm, kP256).error().code, ErrorCode::kConflict);
  EXPECT_EQ(provisioning.generate("egress", kLan, kP384).error().code, ErrorCode::kConflict);

  std::atomic<int> made{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        if (hsm::Client(keyd.socket(), kDeadline).generate("racing", kCjsm, kP256)) ++made;
      });
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(provisioning.list_keys().value().size(), 2);
}

TEST_F(Keyd, AnswersEveryPipelinedRequest) {
  const auto key = generate("egress");
  constexpr std::uint32_t kRequests = 200;
  const auto connection = as_user(kGatewayUid, [&] { return RawConnection(keyd.socket()); });
  const Bytes message = certificate_verify("client");
  for (std::uint32_t id = 0; id < kRequests; ++id)
    ASSERT_TRUE(
        connection.send({.id = id, .body = hsm::SignTls13Request{.name = "egress", .message = message}}));
  std::set<std::uint32_t> answered;
  for (std::uint32_t i = 0; i < kRequests; ++i) {
    const auto answer = connection.receive();
    ASSERT_TRUE(answer) << answer.error().message;
    const auto* signature = std::get_if<hsm::SignatureAnswer>(&answer->body);
    ASSERT_NE(signature, nullptr);
    EXPECT_TRUE(is_signature_of(key, message, signature->signature));
    answered.insert(answer->id);
  }
  EXPECT_EQ(answered.size(), kRequests);
  EXPECT_EQ(uses_of("egress"), (hsm::KeyUses{.name = "egress", .tls_client = kRequests}));
}

TEST_F(Keyd, IsHeldUpByNobodyWhoDoesNotReadHisAnswers) {
  for (int i = 0; i < 40; ++i) generate("key-" + std::to_string(i));
  const RawConnection deaf(keyd.socket());
  // Together the answers (6 KiB each) are more than any socket buffer takes.
  constexpr std::uint32_t kRequests = 100;
  for (std::uint32_t id = 0; id < kRequests; ++id)
    ASSERT_TRUE(deaf.send({.id = id, .body = hsm::ListKeysRequest{}}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(provisioning.health(), true);
  std::set<std::uint32_t> answered;
  for (std::uint32_t i = 0; i < kRequests; ++i) {
    const auto answer = deaf.receive();
    ASSERT_TRUE(answer) << answer.error().message;
    answered.insert(answer->id);
  }
  EXPECT_EQ(answered.size(), kRequests);
}

TEST_F(Keyd, EndsOnlyTheConnectionThatSendsGarbage) {
  generate("egress");
  const Bytes request = hsm::to_bytes(hsm::Request{.id = 7, .body = hsm::HealthRequest{}});
  Bytes other_version = request;
  other_version[0] ^= std::byte{0x40};
  Bytes left_over = request;
  left_over.push_back(std::byte{0});
  const std::vector<Bytes> garbage{
      Bytes(),
      Bytes(1),
      Bytes(300, std::byte{0xff}),
      Bytes(hsm::kMaxMessageBytes),
      Bytes(hsm::kMaxMessageBytes + 1),
      copy_of(ByteView(request).first(request.size() - 1)),
      other_version,
      left_over,
      hsm::to_bytes(hsm::Answer{.id = 1, .body = hsm::HealthAnswer{.ready = true}}),
  };
  const RawConnection bystander(keyd.socket());
  for (const Bytes& message : garbage) {
    const RawConnection connection(keyd.socket());
    ASSERT_TRUE(connection.send(message));
    const auto answer = connection.receive();
    ASSERT_FALSE(answer) << message.size();
    EXPECT_EQ(answer.error().code, ErrorCode::kClosed) << answer.error().message;
  }
  ASSERT_TRUE(bystander.send({.id = 9, .body = hsm::HealthRequest{}}));
  const auto answer = bystander.receive();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->id, 9U);
  EXPECT_TRUE(std::get<hsm::HealthAnswer>(answer->body).ready);
  EXPECT_EQ(std::get<hsm::HealthAnswer>(answer->body).token, "SoftHSM project, SoftHSM v2");
  EXPECT_THAT(keyd.log(), HasSubstr("request-garbled caller=provisioning"));
}

TEST_F(Keyd, CountsEveryUseOfManyClientsAtOnce) {
  const auto key = generate("egress");
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kEach = 25;
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (std::size_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        as_gateway([&](hsm::Client& client) {
          const Bytes message = certificate_verify(t % 2 == 0 ? "client" : "server",
                                                   static_cast<char>('a' + static_cast<char>(t)));
          for (std::size_t i = 0; i < kEach; ++i) {
            const auto signature = client.sign_tls13("egress", message);
            if (!signature || !is_signature_of(key, message, *signature)) ++wrong;
          }
        });
      });
  }
  EXPECT_EQ(wrong, 0) << keyd.log();
  EXPECT_EQ(uses_of("egress"),
            (hsm::KeyUses{
                .name = "egress", .tls_client = kThreads / 2 * kEach, .tls_server = kThreads / 2 * kEach}));
}

TEST_F(Keyd, ComesBackAfterAKill) {
  const auto key = generate("egress");
  ASSERT_TRUE(gateway_signs("egress", certificate_verify("client")));
  keyd.kill();
  EXPECT_EQ(provisioning.health().error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(keyd.start()) << keyd.log();
  EXPECT_EQ(provisioning.find_key("egress"), key);
  const Bytes message = certificate_verify("server");
  const auto signature = gateway_signs("egress", message);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(key, message, *signature));
  EXPECT_EQ(uses_of("egress").tls_server, 1U);
  const auto log = provisioning.audit_entries(0, 100);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_THAT(*log, testing::Contains(testing::HasSubstr("keyd was not stopped in order")));
}

TEST_F(Keyd, CountsUsesOverItsWholeLife) {
  generate("egress");
  ASSERT_TRUE(gateway_signs("egress", certificate_verify("client")));
  ASSERT_TRUE(gateway_signs("egress", certificate_verify("server")));
  EXPECT_FALSE(gateway_signs("egress", bytes_of("no handshake")));
  keyd.restart();
  ASSERT_TRUE(gateway_signs("egress", certificate_verify("client")));
  EXPECT_EQ(uses_of("egress"), (hsm::KeyUses{.name = "egress", .tls_client = 2, .tls_server = 1}));
}

class KeydWithALimit : public KeydTest {
 protected:
  KeydWithALimit() : KeydTest({.signatures_per_second = 1}) {}
};

TEST_F(KeydWithALimit, SignsNoFasterWithOneKeyAndWritesThatDown) {
  generate("egress");
  generate("lan", kLan);
  int refused = 0;
  for (int i = 0; i < 20; ++i)
    if (const auto made = gateway_signs("egress", certificate_verify("client")); !made) {
      EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
      ++refused;
    }
  EXPECT_GE(refused, 1);
  EXPECT_TRUE(gateway_signs("lan", certificate_verify("server"))) << "another key has a limit of its own";
  EXPECT_EQ(uses_of("egress").refused, static_cast<std::uint64_t>(refused));
  const auto is_written = [&] {
    const auto log = provisioning.audit_entries(0, 100);
    return log &&
           std::ranges::any_of(*log, [](const std::string& line) { return line.contains("times a second"); });
  };
  EXPECT_TRUE(wait_until(is_written, kDeadline));
}

TEST_F(Keyd, HasItsSystemCallFilterOnAllThreads) {
  const auto tasks = std::filesystem::path("/proc") / std::to_string(keyd.pid()) / "task";
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    const auto status = read_file(task.path() / "status", 1 << 16);
    ASSERT_TRUE(status);
    EXPECT_THAT(std::string(text_of(*status)), HasSubstr("\nSeccomp:\t2\n"));
    ++threads;
  }
  EXPECT_GT(threads, 4);
}

TEST_F(Keyd, LeavesTheSocketToTheOneWhoServesIt) {
  generate("egress");
  auto second = ChildProcess::start(
      {.program = std::filesystem::read_symlink("/proc/" + std::to_string(keyd.pid()) + "/exe"),
       .arguments = {(keyd.folder() / "keyd.toml").string()},
       .environment = {},
       .output = keyd.folder() / "second.log"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->wait(kDeadline), 1);
  EXPECT_EQ(provisioning.health(), true);
}

class KeydAsItsOwnUser : public KeydTest {
 protected:
  static constexpr Identity kKeydUser{.uid = 961, .gid = 961};
  KeydAsItsOwnUser() : KeydTest({.run_as = kKeydUser}) {}
};

TEST_F(KeydAsItsOwnUser, KeepsTokenAndPinFromTheGateway) {
  const auto key = generate("egress");
  const Bytes message = certificate_verify("client");
  const auto signature = gateway_signs("egress", message);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(key, message, *signature));
  as_user(kGatewayUid, [&] {
    EXPECT_EQ(connect_seqpacket(keyd.socket()).has_value(), true);
    for (const auto& path : {keyd.pin_file(), keyd.folder() / "so-pin", keyd.token_folder()}) {
      const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      EXPECT_FALSE(fd) << path;
      EXPECT_EQ(errno, EACCES) << path;
    }
  });
  EXPECT_EQ(keyd.stop(), 0) << keyd.log();
}

}  // namespace
}  // namespace privyseal::test
