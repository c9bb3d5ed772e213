#include "ca/authority/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "ca/est.h"
#include "ca/import_policy.h"
#include "ca/openssl.h"
#include "tests/support/certificates.h"
#include "tests/support/software_signer.h"
#include "tests/support/temp_folder.h"

namespace privyseal::authority {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using testing::ElementsAre;
using testing::HasSubstr;

class FakeClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return at; }
  WallTime at = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
};

/// Signs rightly until it is told otherwise.
class MoodySigner final : public Signer {
 public:
  [[nodiscard]] const Bytes& public_key() const override { return good.public_key(); }
  [[nodiscard]] Result<Bytes> sign_certificate(ByteView tbs) override {
    if (is_away) return fail(ErrorCode::kUnavailable, "keyd: not there");
    return is_lying ? other.sign_certificate(tbs) : good.sign_certificate(tbs);
  }
  [[nodiscard]] Result<Bytes> sign_crl(ByteView tbs) override { return sign_certificate(tbs); }

  test::SoftwareSigner good;
  test::SoftwareSigner other;
  bool is_away = false;
  bool is_lying = false;
};

Bytes csr(const test::RequestOptions& options) {
  return ca::csr_der(test::request_pem(test::new_key_pem("P-256"), options)).value();
}
const test::RequestOptions kMail{
    .common_name = "mail.lawfirm.example", .organisation = "Law Firm", .dns_names = {"mail.lawfirm.example"}};

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest() { reopen(); }

  void reopen() {
    authority = nullptr;
    database.emplace(Database::open(folder / "ca.db", Database::Mode::kReadWrite).value());
    authority = open().value();
  }
  Result<std::unique_ptr<Authority>> open() {
    return Authority::open(*database, signer, settings, clock, [this](const Deed& deed) -> Result<void> {
      if (!may_record) return fail(ErrorCode::kUnavailable, "audit: the disk is full");
      deeds.emplace_back(deed.action);
      return {};
    });
  }
  ca::CrlPtr crl() {
    const std::string pem = authority->crl().value();
    const ca::BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return ca::CrlPtr(PEM_read_bio_X509_CRL(memory.get(), nullptr, nullptr, nullptr));
  }
  bool is_revoked(const ca::Certificate& certificate) {
    const unsigned char* at = uchar(certificate.der);
    const ca::CertificatePtr x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
    X509_REVOKED* entry = nullptr;
    return X509_CRL_get0_by_cert(crl().get(), &entry, x509.get()) == 1;
  }

  test::TempFolder folder;
  std::optional<Database> database;
  MoodySigner signer;
  FakeClock clock;
  AuthoritySettings settings{.common_name = "Practice CA",
                             .organisation = "Example",
                             .profiles = {"mail-server", "admin-client", "egress-gateway"},
                             .domains = {"lawfirm.example"},
                             .with_approval = {"egress-gateway"}};
  bool may_record = true;
  std::vector<std::string> deeds;
  std::unique_ptr<Authority> authority;
};

TEST_F(AuthorityTest, MakesItsRootOnce) {
  const ca::Certificate root = authority->root();
  EXPECT_EQ(root.subject, "CN=Practice CA,O=Example");
  EXPECT_TRUE(root.is_ca && root.is_self_issued);
  EXPECT_EQ(root.not_after - root.not_before, Authority::kRootLife);
  settings.common_name = "Another Name";  // too late
  reopen();
  EXPECT_EQ(authority->root(), root);
  EXPECT_THAT(deeds, ElementsAre("ca-root"));
}

TEST_F(AuthorityTest, RefusesADatabaseOfAnotherKey) {
  authority = nullptr;
  signer.good = test::SoftwareSigner();
  EXPECT_EQ(open().error().code, ErrorCode::kConflict);
}

TEST_F(AuthorityTest, RefusesSettingsThatCannotBe) {
  const AuthoritySettings good = settings;
  for (const auto& spoil : std::vector<std::function<void()>>{
           [&] { settings.profiles.emplace_back("ca"); },
           [&] { settings.with_approval.emplace_back("web-admin"); }, [&] { settings.crl_life = days{0}; },
           [&] { settings.crl_life = days{41}; }}) {
    settings = good;
    spoil();
    EXPECT_EQ(open().error().code, ErrorCode::kInvalid);
  }
}

TEST_F(AuthorityTest, IssuesWhatTheImportRulesAccept) {
  const Bytes request = csr(kMail);
  const auto certificate = authority->issue("mail-server", request, "alice");
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(certificate->subject, "CN=mail.lawfirm.example,O=Law Firm");
  const ca::ImportRules rules{.public_key = parse_request(request)->public_key,
                              .dns_names = {"mail.lawfirm.example"},
                              .roots = {authority->root()}};
  const auto judgement = ca::judge(rules, {&*certificate, 1}, clock.now());
  EXPECT_TRUE(judgement.is_accepted()) << judgement.refusal_text();
}

TEST_F(AuthorityTest, WritesDownWhatItIssuesBeforeAnybodyHasIt) {
  const auto certificate = authority->issue("mail-server", csr(kMail), "alice");
  ASSERT_TRUE(certificate);
  reopen();
  const auto rows = authority->list(0, 10).value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].serial, certificate->serial);
  EXPECT_EQ(rows[0].profile, "mail-server");
  EXPECT_EQ(rows[0].requester, "alice");
  EXPECT_EQ(rows[0].issued_at, clock.now());
  EXPECT_EQ(rows[0].not_after, certificate->not_after);
  EXPECT_FALSE(rows[0].revoked_at);
  EXPECT_TRUE(authority->list(rows[0].id, 10)->empty());
}

TEST_F(AuthorityTest, IssuesNothingThatItCannotRecord) {
  may_record = false;
  EXPECT_EQ(authority->issue("mail-server", csr(kMail), "alice").error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(authority->list(0, 10)->empty());
}

TEST_F(AuthorityTest, IssuesNothingWithASignatureThatIsNotItsOwn) {
  signer.is_lying = true;
  EXPECT_FALSE(authority->issue("mail-server", csr(kMail), "alice"));
  EXPECT_FALSE(authority->crl());
  signer.is_lying = false;
  signer.is_away = true;
  EXPECT_EQ(authority->issue("mail-server", csr(kMail), "alice").error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(authority->list(0, 10)->empty());
}

TEST_F(AuthorityTest, RefusesWhatItsProfilesDoNotGive) {
  EXPECT_EQ(authority->issue("web-admin", csr(kMail), "a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(authority->issue("no-such", csr(kMail), "a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(authority->issue("mail-server", csr({.dns_names = {"mail.other.example"}}), "a").error().code,
            ErrorCode::kDenied);
  EXPECT_EQ(authority->issue("admin-client", csr(kMail), "a").error().code, ErrorCode::kDenied);
  EXPECT_EQ(authority->issue("mail-server", bytes_of("garbage"), "a").error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(authority->list(0, 10)->empty());
}

TEST_F(AuthorityTest, GivesItsOwnKeyNoOtherCertificate) {
  const std::string key = test::new_key_pem("P-256");
  const auto own = test::SoftwareSigner::from_pem(key).value();
  Database other = Database::open(folder / "other.db", Database::Mode::kReadWrite).value();
  const auto opened = Authority::open(other, *own, settings, clock).value();
  const Bytes request = ca::csr_der(test::request_pem(key, kMail)).value();
  EXPECT_EQ(opened->issue("mail-server", request, "a").error().code, ErrorCode::kDenied);
}

TEST_F(AuthorityTest, NothingOutlivesTheRoot) {
  clock.at += Authority::kRootLife - days{30};
  EXPECT_EQ(authority->issue("mail-server", csr(kMail), "a")->not_after, authority->root().not_after);
}

TEST_F(AuthorityTest, RevokesOnceAndListsItAtOnce) {
  const auto certificate = authority->issue("mail-server", csr(kMail), "a").value();
  EXPECT_TRUE(authority->is_good(certificate).value());
  EXPECT_FALSE(is_revoked(certificate));
  ASSERT_TRUE(authority->revoke(certificate.serial, Revocation::kKeyCompromise, "alice"));
  EXPECT_TRUE(is_revoked(certificate));
  EXPECT_FALSE(authority->is_good(certificate).value());
  EXPECT_EQ(authority->list(0, 1)->front().revoked_at, clock.now());
  EXPECT_EQ(authority->revoke(certificate.serial, Revocation::kUnspecified, "a").error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(authority->revoke("00", Revocation::kUnspecified, "a").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(deeds, ElementsAre("ca-root", "ca-issue", "ca-crl", "ca-revoke", "ca-crl"));
}

TEST_F(AuthorityTest, KnowsItsOwnFromOthers) {
  const auto certificate = authority->issue("mail-server", csr(kMail), "a").value();
  ca::Certificate forged = certificate;  // the same serial number
  forged.fingerprint = std::string(64, '0');
  EXPECT_FALSE(authority->is_good(forged).value());
  clock.at = certificate.not_after + 1s;
  EXPECT_FALSE(authority->is_good(certificate).value());
}

TEST_F(AuthorityTest, TheRevocationListNeverLapses) {
  const std::string first = authority->crl().value();
  clock.at += days{3};
  EXPECT_EQ(authority->crl().value(), first);
  clock.at += 13h;  // half of its week is over
  const std::string second = authority->crl().value();
  EXPECT_NE(second, first);
  reopen();
  EXPECT_EQ(authority->crl().value(), second);
  clock.at -= days{30};  // a clock that was wrong
  EXPECT_NE(authority->crl().value(), second);
}

TEST_F(AuthorityTest, RevocationListsCountUp) {
  const auto number = [&] {
    const ca::CrlPtr list = crl();
    auto* found =
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list.get(), NID_crl_number, nullptr, nullptr));
    const long value = ASN1_INTEGER_get(found);
    ASN1_INTEGER_free(found);
    return value;
  };
  EXPECT_EQ(number(), 1);
  clock.at += days{4};
  EXPECT_EQ(number(), 2);
  reopen();
  clock.at += days{4};
  EXPECT_EQ(number(), 3);
}

TEST_F(AuthorityTest, ARevokedOneLeavesTheListAfterItExpired) {
  const auto certificate = authority->issue("mail-server", csr(kMail), "a").value();
  ASSERT_TRUE(authority->revoke(certificate.serial, Revocation::kSuperseded, "a"));
  clock.at = certificate.not_after + days{4};
  EXPECT_TRUE(is_revoked(certificate));  // one list more
  clock.at += days{8};
  EXPECT_FALSE(is_revoked(certificate));
}

const test::RequestOptions kGateway{.common_name = "gw.lawfirm.example", .dns_names = {"gw.lawfirm.example"}};

TEST_F(AuthorityTest, WithApprovalNothingIsIssuedBeforeAYes) {
  const Bytes request = csr(kGateway);
  EXPECT_EQ(authority->request("egress-gateway", request, "gw").value(), std::nullopt);
  EXPECT_EQ(authority->request("egress-gateway", request, "gw").value(), std::nullopt);
  reopen();
  const auto waiting = authority->pending().value();
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].requester, "gw");
  EXPECT_THAT(waiting[0].names, HasSubstr("gw.lawfirm.example"));
  EXPECT_TRUE(authority->list(0, 10)->empty());
  const auto certificate = authority->approve(waiting[0].digest, "officer");
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_TRUE(authority->pending()->empty());
  EXPECT_EQ(authority->request("egress-gateway", request, "gw").value(), *certificate);
  EXPECT_EQ(authority->approve(waiting[0].digest, "officer").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(authority->list(0, 10)->size(), 1U);
}

TEST_F(AuthorityTest, ANoIsRemembered) {
  const Bytes request = csr(kGateway);
  ASSERT_TRUE(authority->request("egress-gateway", request, "gw"));
  const std::string digest = authority->pending()->front().digest;
  ASSERT_TRUE(authority->refuse(digest, "officer", "not this host"));
  const auto again = authority->request("egress-gateway", request, "gw");
  EXPECT_EQ(again.error().code, ErrorCode::kDenied);
  EXPECT_THAT(again.error().message, HasSubstr("not this host"));
  EXPECT_EQ(authority->approve(digest, "officer").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(authority->refuse(digest, "officer", "").error().code, ErrorCode::kNotFound);
}

TEST_F(AuthorityTest, ARequestThatCannotBeGrantedDoesNotWait) {
  EXPECT_EQ(authority->request("egress-gateway", csr({.dns_names = {"gw.other"}}), "gw").error().code,
            ErrorCode::kDenied);
  EXPECT_TRUE(authority->pending()->empty());
}

TEST_F(AuthorityTest, WithoutApprovalARequestIsGrantedAtOnce) {
  EXPECT_TRUE(authority->request("mail-server", csr(kMail), "a").value().has_value());
}

}  // namespace
}  // namespace privyseal::authority
