// What keyd must not forget, and what it does when it cannot write it down.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "firmware/base/audit/verify.h"
#include "firmware/base/database.h"
#include "hsm/keyd/test_certificates.h"
#include "tests/integration/keyd_fixture.h"
#include "tests/support/small_disk.h"

namespace privyseal::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::size_t lines_with(const std::vector<std::string>& lines, const std::string& part) {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [&](const std::string& line) { return line.contains(part); }));
}

class KeydJournal : public KeydTest {
 protected:
  using KeydTest::KeydTest;

  Result<void> retire(const std::string& name) {
    return as_caller(kRenewalUid, [&](hsm::Client& client) { return client.retire(name); });
  }
  Result<Bytes> sign_checkpoint(const std::string& text) {
    return as_gateway([&](hsm::Client& client) { return client.sign_checkpoint("audit", text); });
  }
  std::vector<std::string> entries() { return provisioning.audit_entries(0, 100'000).value(); }

  void expect_retired(const std::string& name) {
    EXPECT_EQ(gateway_signs(name, certificate_verify("client")).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(provisioning.find_key(name).error().code, ErrorCode::kNotFound);
    EXPECT_TRUE(std::ranges::none_of(provisioning.list_keys().value(),
                                     [&](const hsm::KeyInfo& key) { return key.name == name; }));
    EXPECT_EQ(provisioning.generate(name, kCjsm, kP256).error().code, ErrorCode::kConflict);
    EXPECT_TRUE(retire(name)) << "whoever was killed in between asks again";
  }
};

TEST_F(KeydJournal, ARetiredKeyIsNeverUsedAgain) {
  generate("old");
  generate("kept");
  ASSERT_TRUE(gateway_signs("old", certificate_verify("client")));
  ASSERT_TRUE(retire("old"));
  expect_retired("old");
  EXPECT_EQ(retire("no-such-key").error().code, ErrorCode::kNotFound);
  keyd.restart();
  expect_retired("old");
  keyd.kill();
  ASSERT_TRUE(keyd.start()) << keyd.log();
  expect_retired("old");
  EXPECT_TRUE(gateway_signs("kept", certificate_verify("client")));
  EXPECT_EQ(lines_with(entries(), R"("action":"retire","object":"key/old")"), 1);
}

TEST_F(KeydJournal, ALogThatWasSignedNeverGoesBack) {
  const auto key = generate("audit", kAudit);
  const std::string text = checkpoint_text("gateway.test/gatewayd", 7, 'a');
  const auto signature = sign_checkpoint(text);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(key, bytes_of(text), *signature));
  for (const bool after_restart : {false, true}) {
    if (after_restart) keyd.restart();
    EXPECT_EQ(sign_checkpoint(checkpoint_text("gateway.test/gatewayd", 6, 'a')).error().code,
              ErrorCode::kConflict);
    EXPECT_EQ(sign_checkpoint(checkpoint_text("gateway.test/gatewayd", 7, 'b')).error().code,
              ErrorCode::kConflict);
    EXPECT_TRUE(sign_checkpoint(text)) << "the same once more is nothing new";
  }
  EXPECT_TRUE(sign_checkpoint(checkpoint_text("gateway.test/gatewayd", 8, 'b')));
  EXPECT_EQ(sign_checkpoint(text).error().code, ErrorCode::kConflict);
  EXPECT_THAT(keyd.log(), HasSubstr("a larger one of this log was signed before"));
}

TEST_F(KeydJournal, APackMayBeMadeAnew) {
  generate("audit", kAudit);
  for (const std::uint64_t size : {9U, 3U, 3U})
    EXPECT_TRUE(provisioning.sign_checkpoint("audit", checkpoint_text("gateway.test/pack", size)));
}

TEST_F(KeydJournal, AnAuditKeyIsOnP256) {
  EXPECT_EQ(provisioning.generate("audit", kAudit, kP384).error().code, ErrorCode::kDenied);
}

TEST_F(KeydJournal, TellsAfterwardsWhatWasDone) {
  const auto audit_key = generate("audit", kAudit);
  generate("ca", kIssuingCa);
  const auto software = keyd::make_test_key("P-256");
  as_caller(kRenewalUid, [&](hsm::Client& client) {
    EXPECT_TRUE(
        client.sign_certificate("ca", keyd::TestCertificate{.ca = software, .subject_key = software}.tbs()));
    EXPECT_TRUE(client.sign_crl("ca", keyd::TestCrl{.ca = software}.tbs()));
    EXPECT_FALSE(client.sign_crl("ca", bytes_of("no CRL")));
  });
  ASSERT_EQ(keyd.stop(), 0) << keyd.log();
  ASSERT_TRUE(keyd.start()) << keyd.log();

  const auto lines = entries();
  const auto has = [&](const std::string& part) { return lines_with(lines, part) == 1; };
  EXPECT_EQ(lines_with(lines, R"("action":"keyd-started")"), 2);
  EXPECT_TRUE(has(R"("action":"keyd-stopped")"));
  EXPECT_TRUE(has(
      R"("actor":"provisioning","role":"tool","source":"uid 0","action":"generate","object":"key/ca","params_hash":"","outcome":"granted","why":"issuing-ca, p256")"));
  EXPECT_TRUE(has(R"("action":"generate","object":"key/ca","params_hash":"","outcome":"ok")"));
  EXPECT_TRUE(has(R"("actor":"renewal","role":"daemon","source":"uid 964","action":"sign-certificate")"));
  EXPECT_TRUE(has(R"("outcome":"granted","why":"serial 4a11223344556677")"));
  EXPECT_TRUE(has(R"("action":"sign-crl")"));
  EXPECT_TRUE(has(
      R"("action":"request-refused","object":"key/ca","params_hash":"","outcome":"denied","why":"sign-crl: CRL: not DER")"));
  ASSERT_EQ(keyd.stop(), 0) << keyd.log();

  auto database = Database::open(keyd.journal(), Database::Mode::kReadWrite);
  ASSERT_TRUE(database);
  const auto verdict = audit::verify(*database, "gateway.test/keyd", audit_key.public_key);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->ok) << verdict->why;
  EXPECT_EQ(verdict->checkpoint_size, verdict->size) << "the end is signed too";
  EXPECT_EQ(verdict->size, lines.size() + 1);
}

TEST_F(KeydJournal, AnAlteredLogIsFound) {
  const auto audit_key = generate("audit", kAudit);
  ASSERT_EQ(keyd.stop(), 0);
  auto database = Database::open(keyd.journal(), Database::Mode::kReadWrite);
  ASSERT_TRUE(database);
  ASSERT_TRUE(
      database->execute("UPDATE audit_entry SET entry = replace(entry, 'tool', 'fool') WHERE seq = 1"));
  const auto verdict = audit::verify(*database, "gateway.test/keyd", audit_key.public_key);
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->ok);
  EXPECT_EQ(verdict->first_bad, 1);
}

TEST_F(KeydJournal, GivesALongLogInManyAnswers) {
  generate("egress");
  const auto info = [&] {
    const auto key = provisioning.find_key("egress").value();
    const unsigned char* at = uchar(key.public_key);
    return keyd::request_info_of(
        {d2i_PUBKEY(nullptr, &at, static_cast<long>(key.public_key.size())), EVP_PKEY_free});
  }();
  constexpr std::size_t kRequests = 150;  // more than one answer holds
  for (std::size_t i = 0; i < kRequests; ++i) ASSERT_TRUE(provisioning.sign_csr("egress", info));
  const auto all = entries();
  EXPECT_EQ(lines_with(all, R"("action":"sign-csr")"), kRequests);
  EXPECT_EQ(provisioning.audit_checkpoint()->size, all.size());
  for (std::size_t seq = 0; seq < all.size(); ++seq)
    EXPECT_THAT(all[seq], HasSubstr("\"seq\":" + std::to_string(seq) + ","));
  const auto some = provisioning.audit_entries(100, 7).value();
  EXPECT_EQ(some, std::vector(all.begin() + 100, all.begin() + 107));
}

TEST_F(KeydJournal, AFloodOfRefusalsIsAFewEntriesWithTheirCount) {
  generate("egress");
  constexpr std::size_t kRefusals = 400;
  const auto begin = std::chrono::steady_clock::now();
  as_gateway([&](hsm::Client& client) {
    for (std::size_t i = 0; i < kRefusals; ++i) EXPECT_FALSE(client.sign_csr("egress", bytes_of("no")));
  });
  ASSERT_EQ(keyd.stop(), 0);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  ASSERT_TRUE(keyd.start());
  std::size_t counted = 0;
  std::size_t lines = 0;
  for (const std::string& line : entries()) {
    if (!line.contains(R"("action":"request-refused")")) continue;
    EXPECT_THAT(line, AllOf(HasSubstr(R"("actor":"gateway")"), HasSubstr("sign-csr: this caller may not")));
    ++lines;
    const std::size_t more = line.find("; and ");
    counted += 1 + (more == std::string::npos ? 0 : std::stoul(line.substr(more + 6)));
  }
  EXPECT_EQ(counted, kRefusals);
  EXPECT_LE(lines, static_cast<std::size_t>(seconds.count()) + 2) << "one a second, and one at the end";
}

TEST_F(KeydJournal, AStrangerIsInTheLog) {
  EXPECT_FALSE(as_user(4242, [&] { return hsm::Client(keyd.socket(), kDeadline).health(); }));
  EXPECT_TRUE(
      wait_until([&] { return lines_with(entries(), R"("actor":"uid 4242","role":"stranger")") == 1; }));
}

TEST_F(KeydJournal, ADamagedOneNeedsAHuman) {
  ASSERT_EQ(keyd.stop(), 0);
  {
    std::ofstream damaged(keyd.journal(), std::ios::binary | std::ios::trunc);
    damaged << std::string(8192, 'x');
  }
  EXPECT_FALSE(keyd.start());
  EXPECT_EQ(keyd.wait_for_end(), 78);
  EXPECT_THAT(keyd.log(), HasSubstr("journal: "));
  EXPECT_EQ(std::filesystem::file_size(keyd.journal()), 8192) << "it is left as it was";
}

TEST_F(KeydJournal, AKeyIsNotGivenOutWhileItStillCountsAsUnfinished) {
  {
    auto journal = Database::open(keyd.journal(), Database::Mode::kReadWrite).value();
    ASSERT_TRUE(
        journal.execute("CREATE TRIGGER never BEFORE DELETE ON unfinished_key "
                        "BEGIN SELECT RAISE(ABORT, 'never'); END"));
  }
  EXPECT_EQ(provisioning.generate("egress", kCjsm, kP256).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(provisioning.list_keys().value().empty());
  {
    auto journal = Database::open(keyd.journal(), Database::Mode::kReadWrite).value();
    ASSERT_TRUE(journal.execute("DROP TRIGGER never"));
  }
  const auto key = generate("egress");
  keyd.restart();
  EXPECT_EQ(provisioning.find_key("egress"), key) << "there is one of this name: " << keyd.log();
}

struct OwnDisk {
  SmallDisk disk{0, 8};
};

// The disk is the first base, so that it is there before keyd and unmounted after it.
class KeydOnASmallDisk : private OwnDisk, public KeydJournal {
 protected:
  KeydOnASmallDisk() : KeydJournal(TestKeydOptions{.state = disk.folder()}) {}
  using OwnDisk::disk;
};

TEST_F(KeydOnASmallDisk, SignsHandshakesButNothingLastingWhenItIsFull) {
  const auto key = generate("egress");
  generate("audit", kAudit);
  generate("ca", kIssuingCa);
  const auto software = keyd::make_test_key("P-256");
  const Bytes tbs = keyd::TestCertificate{.ca = software, .subject_key = software}.tbs();
  const auto sign_certificate = [&] {
    return as_caller(kRenewalUid, [&](hsm::Client& client) { return client.sign_certificate("ca", tbs); });
  };
  disk.fill();
  const Bytes message = certificate_verify("client");
  const auto signature = gateway_signs("egress", message);
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_TRUE(is_signature_of(key, message, *signature));
  EXPECT_EQ(provisioning.generate("more", kCjsm, kP256).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sign_certificate().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(retire("egress").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sign_checkpoint(checkpoint_text("gateway.test/gatewayd", 7)).error().code,
            ErrorCode::kUnavailable);
  EXPECT_TRUE(gateway_signs("egress", message)) << "it was not retired";
  EXPECT_EQ(uses_of("ca").certificate, 0);
  EXPECT_EQ(uses_of("audit").checkpoint, 0) << "neither the gateway's nor its own";
  EXPECT_THAT(keyd.log(), HasSubstr("<1>act-not-recorded act=sign-certificate"));

  disk.empty();
  EXPECT_TRUE(provisioning.generate("more", kCjsm, kP256));
  EXPECT_TRUE(sign_certificate());
  EXPECT_TRUE(retire("egress"));
  EXPECT_TRUE(sign_checkpoint(checkpoint_text("gateway.test/gatewayd", 3)));
}

class KeydWithOneWorker : public KeydJournal {
 protected:
  KeydWithOneWorker() : KeydJournal(TestKeydOptions{.workers = 1}) {}
};

TEST_F(KeydWithOneWorker, SignsHandshakesWhileTheJournalKeepsOthersWaiting) {
  generate("egress");
  generate("audit", kAudit);
  auto other = Database::open(keyd.journal(), Database::Mode::kReadWrite);
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
  // Each waits for the lock until it gives up: together for much longer than the handshake may take.
  constexpr std::uint32_t kRequests = 12;
  const auto waiting = as_user(kGatewayUid, [&] { return RawConnection(keyd.socket()); });
  for (std::uint32_t id = 0; id < kRequests; ++id)
    ASSERT_TRUE(waiting.send({.id = id,
                              .body = hsm::SignCheckpointRequest{
                                  .name = "audit", .text = checkpoint_text("gateway.test/gatewayd", 7)}}));
  EXPECT_TRUE(gateway_signs("egress", certificate_verify("client")));
  ASSERT_TRUE(other->execute("ROLLBACK"));
  std::uint32_t done_afterwards = 0;
  for (std::uint32_t i = 0; i < kRequests; ++i) {
    const auto answer = waiting.receive();
    ASSERT_TRUE(answer) << answer.error().message;
    if (std::holds_alternative<hsm::SignatureAnswer>(answer->body)) ++done_afterwards;
  }
  EXPECT_GT(done_afterwards, 0) << "the handshake had to wait for all of them";
}

}  // namespace
}  // namespace privyseal::test
