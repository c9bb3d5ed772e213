// TLS 1.2 in keyd: nothing of it is signed, unless the settings except a role until a day.
#include <gmock/gmock.h>

#include <array>
#include <format>

#include "firmware/base/clock.h"
#include "firmware/base/database.h"
#include "tests/integration/keyd_fixture.h"

namespace privyseal::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using std::string_literals::operator""s;

/// What a server signs that agrees on a key by X25519 (RFC 8422 section 5.4).
Bytes key_exchange(char point = 'x') {
  return copy_of(bytes_of(std::string(56, 'r') + "DOWNGRD\x01\x03\x00\x1d\x20"s + std::string(32, point)));
}

std::string exception_until(const std::string& day) {
  return "[tls12_exception]\nreason = \"the old mail server\"\nroles = [\"lan-identity\"]\nuntil = \"" + day +
         "\"\n";
}

class KeydTls12 : public KeydTest {
 protected:
  explicit KeydTls12(const std::string& settings = {}) : KeydTest({.more_settings = settings}) {}

  Result<Bytes> sign(uid_t uid, const std::string& name, ByteView message) {
    return as_caller(uid, [&](hsm::Client& client) { return client.sign_tls12(name, message); });
  }
  void expect_refused(uid_t uid, const std::string& name, ByteView message) {
    const auto made = sign(uid, name, message);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kDenied) << made.error().message;
  }

  const hsm::KeyInfo lan_ = generate("lan", kLan);
};

TEST_F(KeydTls12, IsNotSignedUsually) {
  expect_refused(kGatewayUid, "lan", key_exchange());
  EXPECT_EQ(uses_of("lan"), (hsm::KeyUses{.name = "lan", .refused = 1}));
  EXPECT_THAT(keyd.log(), HasSubstr("TLS 1.2 is not excepted for keys of this role"));
}

class KeydTls12Excepted : public KeydTls12 {
 protected:
  KeydTls12Excepted() : KeydTls12(exception_until("9999-12-31")) {}
};

TEST_F(KeydTls12Excepted, IsSignedByKeysOfTheRoleForTheGatewayAlone) {
  generate("cjsm", kCjsm);
  const auto signature = sign(kGatewayUid, "lan", key_exchange());
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(lan_, key_exchange(), *signature));
  EXPECT_FALSE(is_signature_of(lan_, key_exchange('y'), *signature));
  for (const uid_t uid : {kRenewalUid, kConsoleUid, kProvisioningUid})
    expect_refused(uid, "lan", key_exchange());
  expect_refused(kGatewayUid, "cjsm", key_exchange());
  EXPECT_EQ(uses_of("lan"), (hsm::KeyUses{.name = "lan", .tls12_server = 1, .refused = 3}));
}

TEST_F(KeydTls12Excepted, SignsNothingButThatForm) {
  Bytes without_mark = key_exchange();
  without_mark[60] ^= std::byte{1};
  Bytes longer = key_exchange();
  longer.push_back({});
  const std::vector<Bytes> others{
      {}, without_mark, longer, certificate_verify("server"), Bytes(32, std::byte{'d'}), Bytes(100)};
  for (const Bytes& message : others) expect_refused(kGatewayUid, "lan", message);
  // Nor does the usual road lead there.
  EXPECT_FALSE(gateway_signs("lan", key_exchange()));
  EXPECT_EQ(uses_of("lan"), (hsm::KeyUses{.name = "lan", .refused = others.size() + 1}));
}

TEST_F(KeydTls12Excepted, IsSaidInTheAuditLogAtEachStart) {
  const std::string words =
      "; TLS 1.2 as a server is excepted for lan-identity until 9999-12-31: the old mail server";
  EXPECT_THAT(provisioning.audit_entries(0, 100).value(), Contains(HasSubstr(words)));
  EXPECT_THAT(keyd.log(), HasSubstr("exception-in-force"));
}

class KeydTls12ExceptedOnce : public KeydTls12 {
 protected:
  KeydTls12ExceptedOnce() : KeydTls12(exception_until("2026-01-31")) {}
};

TEST_F(KeydTls12ExceptedOnce, IsNotSignedAfterTheLastDay) {
  expect_refused(kGatewayUid, "lan", key_exchange());
  EXPECT_THAT(keyd.log(), HasSubstr("exception-has-ended"));
}

std::string day_from_now(int days) {
  const auto today = std::chrono::floor<std::chrono::days>(SystemClock().now());
  return std::format("{:%F}", today + std::chrono::days(days));
}

class KeydTls12ExceptedUntilTomorrow : public KeydTls12 {
 protected:
  KeydTls12ExceptedUntilTomorrow() : KeydTls12(exception_until(day_from_now(1))) {}

  /// As keyd itself notes it while it runs.
  void note_that_it_was(const std::string& day) {
    auto database = Database::open(keyd.journal(), Database::Mode::kReadWrite).value();
    auto update = database.prepare("UPDATE latest_day SET day = unixepoch(?1) / 86400").value();
    ASSERT_TRUE(update.bind(1, day).run());
  }
};

TEST_F(KeydTls12ExceptedUntilTomorrow, IsNotSignedAgainOnceTheClockWasSetBack) {
  ASSERT_TRUE(sign(kGatewayUid, "lan", key_exchange()));
  ASSERT_EQ(keyd.stop(), 0);
  note_that_it_was(day_from_now(2));
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(keyd.start()) << keyd.log();
    expect_refused(kGatewayUid, "lan", key_exchange());
    EXPECT_THAT(keyd.log(), HasSubstr("exception-has-ended"));
    EXPECT_TRUE(gateway_signs("lan", certificate_verify("server"))) << "TLS 1.3 goes on";
    ASSERT_EQ(keyd.stop(), 0);
  }
}

TEST_F(KeydTls12ExceptedUntilTomorrow, EndsByTheDayThatKeydNotes) {
  const auto noted = [&] {
    auto database = Database::open(keyd.journal(), Database::Mode::kReadOnly).value();
    auto select = database.prepare("SELECT date(day * 86400, 'unixepoch') FROM latest_day").value();
    return select.step().value() ? select.text(0) : std::string();
  };
  const std::string before = day_from_now(0);
  ASSERT_TRUE(wait_until([&] { return !noted().empty(); }));
  EXPECT_THAT((std::array{before, day_from_now(0)}), Contains(noted())) << "unless midnight comes between";
}

}  // namespace
}  // namespace privyseal::test
