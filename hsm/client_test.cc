#include "hsm/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <thread>

#include "firmware/base/unix_socket.h"
#include "tests/support/fake_keyd.h"
#include "tests/support/other_user.h"
#include "tests/support/temp_folder.h"

namespace privyseal::hsm {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using test::answer_to;
using test::FakeKeyd;

constexpr auto kShort = 50ms;

KeyInfo some_key(std::string name) {
  return {std::move(name), KeyRole::kCjsmIdentity, KeyType::kEcP256, Bytes(91, std::byte{1})};
}

/// Answers everything, and signs by giving the message back.
FakeKeyd::Reply agreeable(const Request& request) {
  struct Visitor {
    const Request& request;
    FakeKeyd::Reply operator()(const HealthRequest&) {
      return answer_to(request, HealthAnswer{.ready = true});
    }
    FakeKeyd::Reply operator()(const ListKeysRequest&) {
      return answer_to(request, KeysAnswer{{some_key("a"), some_key("b")}});
    }
    FakeKeyd::Reply operator()(const FindKeyRequest& find) {
      return answer_to(request, KeysAnswer{{some_key(find.name)}});
    }
    FakeKeyd::Reply operator()(const FindKeyByIdRequest& find) {
      return answer_to(request, KeysAnswer{{some_key(std::string(text_of(find.id)))}});
    }
    FakeKeyd::Reply operator()(const SignTls13Request& sign) {
      return answer_to(request, SignatureAnswer{sign.message});
    }
    FakeKeyd::Reply operator()(const SignTls12Request& sign) {
      return answer_to(request, SignatureAnswer{sign.message});
    }
    FakeKeyd::Reply operator()(const SignOcspRequest& sign) {
      return answer_to(request, SignatureAnswer{sign.response_data});
    }
    FakeKeyd::Reply operator()(const DestroyRequest&) { return answer_to(request, DoneAnswer{}); }
    FakeKeyd::Reply operator()(const ListRetiredKeysRequest&) {
      return answer_to(request, RetiredKeysAnswer{{RetiredKey{"old", KeyRole::kLanIdentity, 7}}});
    }
    FakeKeyd::Reply operator()(const SignCsrRequest& sign) {
      return answer_to(request, SignatureAnswer{sign.request_info});
    }
    FakeKeyd::Reply operator()(const GenerateRequest& generate) {
      return answer_to(request, KeysAnswer{{KeyInfo{generate.name, generate.role, generate.type, {}}}});
    }
    FakeKeyd::Reply operator()(const CountUsesRequest&) {
      return answer_to(request, UsesAnswer{{KeyUses{"a", 1, 2, 3, 4, 5, 6, 7, 8, 9}}});
    }
    FakeKeyd::Reply operator()(const SignCheckpointRequest& sign) {
      return answer_to(request, SignatureAnswer{copy_of(bytes_of(sign.text))});
    }
    FakeKeyd::Reply operator()(const SignCertificateRequest& sign) {
      return answer_to(request, SignatureAnswer{sign.tbs_certificate});
    }
    FakeKeyd::Reply operator()(const SignCrlRequest& sign) {
      return answer_to(request, SignatureAnswer{sign.tbs_cert_list});
    }
    FakeKeyd::Reply operator()(const RetireRequest&) { return answer_to(request, DoneAnswer{}); }
    /// A log of seven entries, of which two fit into one answer.
    FakeKeyd::Reply operator()(const ReadAuditRequest& read) {
      AuditEntriesAnswer answer;
      for (std::uint64_t at = read.after; at < std::min<std::uint64_t>(7, read.after + 2); ++at)
        if (answer.entries.size() < read.limit) answer.entries.push_back(std::to_string(at));
      return answer_to(request, answer);
    }
    FakeKeyd::Reply operator()(const ReadAuditCheckpointRequest&) {
      return answer_to(request, AuditCheckpointAnswer{7, "note"});
    }
  };
  return std::visit(Visitor{request}, request.body);
}

class ClientTest : public testing::Test {
 protected:
  template <class T>
  static ErrorCode code_of(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? ErrorCode{-1} : result.error().code;
  }

  test::TempFolder folder_;
  const std::filesystem::path socket_ = folder_.path() / "keyd.sock";
  Client client_{socket_, 10s};
};

TEST_F(ClientTest, EveryQuestionGetsItsAnswer) {
  const FakeKeyd keyd(socket_, agreeable);
  const Bytes message(146, std::byte{0x20});
  EXPECT_EQ(client_.health().value(), true);
  EXPECT_EQ(client_.find_key("gateway").value(), some_key("gateway"));
  EXPECT_THAT(client_.list_keys().value(), testing::ElementsAre(some_key("a"), some_key("b")));
  EXPECT_EQ(client_.sign_tls13("gateway", message).value(), message);
  EXPECT_EQ(client_.sign_csr("gateway", message).value(), message);
  EXPECT_EQ(client_.find_key_by_id(bytes_of("gw")).value(), some_key("gw"));
  EXPECT_EQ(code_of(client_.find_key_by_id({})), ErrorCode::kInvalid);
  EXPECT_EQ(client_.generate("new", KeyRole::kLanIdentity, KeyType::kEcP384).value(),
            (KeyInfo{"new", KeyRole::kLanIdentity, KeyType::kEcP384, {}}));
  EXPECT_THAT(client_.uses().value(), testing::ElementsAre(KeyUses{"a", 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(client_.sign_checkpoint("audit", "o\n1\nr\n").value(), copy_of(bytes_of("o\n1\nr\n")));
  EXPECT_EQ(client_.sign_certificate("issuing-ca", message).value(), message);
  EXPECT_EQ(client_.sign_crl("issuing-ca", message).value(), message);
  EXPECT_EQ(client_.sign_ocsp("issuing-ca", message).value(), message);
  EXPECT_EQ(client_.sign_tls12("gateway", message).value(), message);
  EXPECT_TRUE(client_.retire("old"));
  EXPECT_THAT(client_.list_retired_keys().value(),
              testing::ElementsAre(RetiredKey{"old", KeyRole::kLanIdentity, 7}));
  EXPECT_TRUE(client_.destroy("old", "text", {Approval{"a", {}, {}, {}}, Approval{"b", {}, {}, {}}}));
  EXPECT_EQ(client_.audit_checkpoint().value(), (AuditCheckpoint{7, "note"}));
}

TEST_F(ClientTest, AuditEntriesAreReadOnUntilTheLimitOrTheEnd) {
  const FakeKeyd keyd(socket_, agreeable);
  EXPECT_THAT(client_.audit_entries(0, 3).value(), testing::ElementsAre("0", "1", "2"));
  EXPECT_THAT(client_.audit_entries(5, 1000).value(), testing::ElementsAre("5", "6"));
  EXPECT_THAT(client_.audit_entries(7, 10).value(), testing::IsEmpty());
  EXPECT_THAT(client_.audit_entries(0, 0).value(), testing::IsEmpty());
}

TEST_F(ClientTest, MoreAuditEntriesThanAskedForAreNonsense) {
  const FakeKeyd keyd(
      socket_, [](const Request& request) { return answer_to(request, AuditEntriesAnswer{{"0", "1"}}); });
  EXPECT_EQ(code_of(client_.audit_entries(0, 1)), ErrorCode::kUnavailable);
}

TEST_F(ClientTest, WhatIsTooLongIsNotSent) {
  const FakeKeyd keyd(socket_, agreeable);
  const Bytes long_message(kMaxMessageBytes, std::byte{0x30});
  EXPECT_EQ(code_of(client_.sign_checkpoint("audit", std::string(kMaxCheckpointBytes + 1, 'c'))),
            ErrorCode::kInvalid);
  EXPECT_EQ(code_of(client_.sign_certificate("issuing-ca", long_message)), ErrorCode::kInvalid);
  EXPECT_EQ(code_of(client_.sign_crl("issuing-ca", long_message)), ErrorCode::kInvalid);
  EXPECT_EQ(code_of(client_.sign_ocsp("issuing-ca", long_message)), ErrorCode::kInvalid);
  EXPECT_EQ(code_of(client_.sign_tls12("gateway", long_message)), ErrorCode::kInvalid);
  EXPECT_EQ(code_of(client_.retire("No Name")), ErrorCode::kInvalid);
  const Approval good{"a", {}, {}, {}};
  EXPECT_EQ(code_of(client_.destroy("old", std::string(kMaxDestructionBytes + 1, 't'), {good, good})),
            ErrorCode::kInvalid);
  for (const Approval& bad :
       {Approval{"No Name", {}, {}, {}}, Approval{"b", Bytes(kMaxAuthenticatorDataBytes + 1), {}, {}},
        Approval{"b", {}, std::string(kMaxClientDataBytes + 1, 'j'), {}},
        Approval{"b", {}, {}, Bytes(kMaxPasskeySignatureBytes + 1)}})
    EXPECT_EQ(code_of(client_.destroy("old", "text", {good, bad})), ErrorCode::kInvalid);
  EXPECT_EQ(keyd.connections(), 0);
}

TEST_F(ClientTest, OneCallerKeepsOneConnection) {
  const FakeKeyd keyd(socket_, agreeable);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client_.health());
  EXPECT_EQ(keyd.connections(), 1);
}

TEST_F(ClientTest, ConcurrentCallersGetTheirOwnAnswers) {
  const FakeKeyd keyd(socket_, agreeable);
  std::vector<std::thread> callers;
  std::atomic<int> right = 0;
  for (std::uint8_t caller = 0; caller < 8; ++caller)
    callers.emplace_back([&, caller] {
      const Bytes message(130, std::byte{caller});
      for (int i = 0; i < 50; ++i) right += client_.sign_tls13("gateway", message) == message ? 1 : 0;
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(right, 8 * 50);
  EXPECT_LE(keyd.connections(), 8);
}

TEST_F(ClientTest, KeydsRefusalIsHandedOn) {
  const FakeKeyd keyd(socket_, [](const Request& request) {
    return answer_to(request, ErrorAnswer{ErrorCode::kDenied, "key: not for this caller"});
  });
  const auto signature = client_.sign_tls13("gateway", {});
  EXPECT_EQ(code_of(signature), ErrorCode::kDenied);
  EXPECT_EQ(signature.error().message, "key: not for this caller");
  EXPECT_EQ(code_of(client_.health()), ErrorCode::kDenied);
  EXPECT_EQ(keyd.connections(), 1);
}

TEST_F(ClientTest, NobodyListeningIsUnavailable) {
  EXPECT_EQ(code_of(client_.health()), ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(client_.find_key("gateway")), ErrorCode::kUnavailable);
}

TEST_F(ClientTest, ARestartBetweenTwoRequestsIsNotNoticed) {
  auto keyd = std::make_unique<FakeKeyd>(socket_, agreeable);
  ASSERT_TRUE(client_.health());
  keyd.reset();
  EXPECT_EQ(code_of(client_.health()), ErrorCode::kUnavailable);
  keyd = std::make_unique<FakeKeyd>(socket_, agreeable);
  ASSERT_TRUE(client_.health());
  keyd.reset();
  keyd = std::make_unique<FakeKeyd>(socket_, agreeable);
  EXPECT_TRUE(client_.sign_tls13("gateway", Bytes(130)));
  EXPECT_TRUE(client_.generate("new", KeyRole::kLanIdentity, KeyType::kEcP256));
}

TEST_F(ClientTest, AGenerateThatFindsADeadConnectionIsSentToTheNewKeyd) {
  auto keyd = std::make_unique<FakeKeyd>(socket_, agreeable);
  ASSERT_TRUE(client_.health());
  keyd.reset();
  keyd = std::make_unique<FakeKeyd>(socket_, agreeable);
  EXPECT_TRUE(client_.generate("new", KeyRole::kLanIdentity, KeyType::kEcP256));
  EXPECT_EQ(keyd->requests().size(), 1u);
}

/// Hangs up on what is not health, the first time only.
FakeKeyd::Behaviour dies_once() {
  return [has_died = std::make_shared<std::atomic<bool>>(false)](const Request& request) -> FakeKeyd::Reply {
    if (!std::holds_alternative<HealthRequest>(request.body) && !has_died->exchange(true))
      return FakeKeyd::HangUp{};
    return agreeable(request);
  };
}

TEST_F(ClientTest, AKeptConnectionThatDiesUnderASignatureIsReplacedOnce) {
  FakeKeyd keyd(socket_, dies_once());
  ASSERT_TRUE(client_.health());
  EXPECT_TRUE(client_.sign_tls13("gateway", Bytes(130)));
  EXPECT_EQ(keyd.connections(), 2);
}

TEST_F(ClientTest, AGenerateThatWasSentIsNeverRepeated) {
  FakeKeyd keyd(socket_, dies_once());
  ASSERT_TRUE(client_.health());
  EXPECT_EQ(code_of(client_.generate("new", KeyRole::kLanIdentity, KeyType::kEcP256)),
            ErrorCode::kUnavailable);
  EXPECT_EQ(keyd.requests().size(), 2u);
  EXPECT_TRUE(client_.health());
}

TEST_F(ClientTest, AKeydThatAlwaysHangsUpIsUnavailableAfterTwoAttempts) {
  auto keyd = std::make_unique<FakeKeyd>(socket_, agreeable);
  ASSERT_TRUE(client_.health());
  keyd.reset();
  keyd = std::make_unique<FakeKeyd>(socket_, [](const Request&) { return FakeKeyd::HangUp{}; });
  EXPECT_EQ(code_of(client_.sign_tls13("gateway", Bytes(130))), ErrorCode::kUnavailable);
  EXPECT_EQ(keyd->requests().size(), 1u);
}

TEST_F(ClientTest, SilenceIsATimeoutAndTheConnectionIsNotUsedAgain) {
  std::atomic<bool> is_silent = true;
  FakeKeyd keyd(socket_, [&](const Request& request) -> FakeKeyd::Reply {
    if (is_silent.exchange(false)) return FakeKeyd::Silence{};
    return agreeable(request);
  });
  EXPECT_EQ(code_of(client_.health(kShort)), ErrorCode::kTimeout);
  EXPECT_TRUE(client_.health());
  EXPECT_EQ(keyd.connections(), 2);
}

TEST_F(ClientTest, AListenerThatTakesNobodyIsATimeout) {
  const auto listener = listen_seqpacket(socket_, 0600).value();
  ASSERT_EQ(::listen(listener.get(), 0), 0);
  const auto takes_the_only_place = connect_seqpacket(socket_).value();
  EXPECT_EQ(code_of(client_.health(kShort)), ErrorCode::kTimeout);
}

TEST_F(ClientTest, AnAnswerToAnotherRequestIsRefusedAndTheConnectionDropped) {
  std::atomic<std::uint32_t> wrong_by = 1;
  FakeKeyd keyd(socket_, [&](const Request& request) {
    return Answer{request.id + wrong_by.exchange(0), SignatureAnswer{Bytes(70)}};
  });
  EXPECT_EQ(code_of(client_.sign_tls13("gateway", Bytes(130))), ErrorCode::kUnavailable);
  EXPECT_TRUE(client_.sign_tls13("gateway", Bytes(130)));
  EXPECT_EQ(keyd.connections(), 2);
}

TEST_F(ClientTest, GarbageIsUnavailable) {
  for (const Bytes& garbage : {Bytes(1), Bytes(200, std::byte{0xff}), Bytes(kMaxMessageBytes + 1)}) {
    const FakeKeyd keyd(socket_, [&](const Request&) { return garbage; });
    EXPECT_EQ(code_of(client_.health()), ErrorCode::kUnavailable) << garbage.size();
  }
}

TEST_F(ClientTest, AnAnswerOfAnotherKindIsUnavailable) {
  const FakeKeyd keyd(socket_,
                      [](const Request& request) { return answer_to(request, HealthAnswer{.ready = true}); });
  EXPECT_EQ(code_of(client_.sign_csr("gateway", Bytes(10))), ErrorCode::kUnavailable);
  EXPECT_EQ(code_of(client_.list_keys()), ErrorCode::kUnavailable);
}

TEST_F(ClientTest, AnotherKeyThanTheOneAskedForIsUnavailable) {
  std::vector<KeyInfo> keys;
  const FakeKeyd keyd(socket_, [&](const Request& request) { return answer_to(request, KeysAnswer{keys}); });
  EXPECT_EQ(code_of(client_.find_key("gateway")), ErrorCode::kUnavailable);
  keys = {some_key("other")};
  EXPECT_EQ(code_of(client_.find_key("gateway")), ErrorCode::kUnavailable);
  keys = {some_key("gateway"), some_key("gateway")};
  EXPECT_EQ(code_of(client_.find_key("gateway")), ErrorCode::kUnavailable);
}

TEST_F(ClientTest, WhatCannotBeSentIsInvalidAndNotSent) {
  const FakeKeyd keyd(socket_, agreeable);
  for (const char* name : {"", "UPPER", "a/b", "a b", "123456789012345678901234567890123"}) {
    EXPECT_EQ(code_of(client_.find_key(name)), ErrorCode::kInvalid) << name;
    EXPECT_EQ(code_of(client_.sign_tls13(name, {})), ErrorCode::kInvalid) << name;
    EXPECT_EQ(code_of(client_.generate(name, KeyRole::kLanIdentity, KeyType::kEcP256)), ErrorCode::kInvalid)
        << name;
  }
  EXPECT_EQ(code_of(client_.sign_csr("gateway", Bytes(kMaxMessageBytes))), ErrorCode::kInvalid);
  EXPECT_EQ(keyd.connections(), 0);
}

TEST_F(ClientTest, TheLongestMessageThatIsTakenCanBeSent) {
  const FakeKeyd keyd(socket_, agreeable);
  const std::string name(kMaxKeyNameBytes, 'n');
  // An answer is shorter than its request by the name and its length, so it fits too.
  std::size_t size = kMaxMessageBytes;
  while (size > 0 && !client_.sign_csr(name, Bytes(size))) --size;
  EXPECT_EQ(size, kMaxMessageBytes - 43);
}

TEST_F(ClientTest, AForkedChildUsesNoConnectionOfItsParent) {
  FakeKeyd keyd(socket_, agreeable);
  ASSERT_TRUE(client_.health());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(client_.health().has_value() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(keyd.connections(), 2);
  EXPECT_TRUE(client_.health());
  EXPECT_EQ(keyd.connections(), 2);
}

TEST_F(ClientTest, AnotherUserUsesNoConnectionOfBefore) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  FakeKeyd keyd(socket_, agreeable);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  std::filesystem::permissions(socket_, std::filesystem::perms::all);
  ASSERT_TRUE(client_.health());
  {
    const test::OtherUser other;
    EXPECT_TRUE(client_.health());
    EXPECT_EQ(keyd.connections(), 2);
  }
  EXPECT_TRUE(client_.health());
  EXPECT_EQ(keyd.connections(), 3);
}

}  // namespace
}  // namespace privyseal::hsm
