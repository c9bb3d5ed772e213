// The appliance's own authority: certificates for its LAN side and its console, and for others who ask.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ca/certificate.h"
#include "ca/csr.h"
#include "ca/fingerprint.h"
#include "tests/integration/renewd_lab.h"

namespace privyseal::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kToml =
    "[identity.lan]\nissuer = \"local\"\ncommon_name = \"gateway.lawfirm.example\"\n"
    "dns_names = [\"gateway.lawfirm.example\"]\noverlap_hours = 0\n"
    "[identity.console]\nissuer = \"local\"\ncommon_name = \"console.lawfirm.example\"\n"
    "dns_names = [\"console.lawfirm.example\"]\n"
    "[authority]\ncommon_name = \"Law Firm appliance CA\"\ndomains = [\"lawfirm.example\"]\n";

class RenewdLocal : public testing::Test {
 protected:
  void make_ca_key() {
    auto provisioning = lab.provisioning();
    const auto made = provisioning.generate("issuing-ca", hsm::KeyRole::kIssuingCa, hsm::KeyType::kEcP256);
    ASSERT_TRUE(made) << made.error().message;
  }
  void wait_for_active(const std::string& identity, std::int64_t generation) {
    ASSERT_TRUE(lab.renewd->wait_for(identity, [&](const auto& i) { return active_of(i) == generation; }))
        << to_text(lab.renewd->identity(identity)) << lab.renewd->output();
  }
  /// What renewd leaves for all who are to trust its CA.
  std::string published(const std::string& file) const {
    std::ostringstream text;
    text << std::ifstream(lab.renewd->identity_folder("lan") / "../../authority" / file).rdbuf();
    return text.str();
  }

  RenewdLab lab;
};

TEST_F(RenewdLocal, ServesBothIdentitiesAndRenewsThem) {
  make_ca_key();
  lab.start(kToml);
  wait_for_active("lan", 1);
  wait_for_active("console", 1);
  EXPECT_EQ(lab.served_key("console"), "keyd:console-1\n");
  ASSERT_TRUE(lab.renewd->ask("cert-renew", {{"identity", "lan"}}));
  wait_for_active("lan", 2);
  EXPECT_TRUE(wait_until([&] { return !lab.answers("lan-1"); })) << "no overlap here: it is retired";
  EXPECT_TRUE(lab.answers("lan-2"));
  const JsonObject identity = lab.renewd->identity("lan");
  EXPECT_EQ(text_in(identity, "active", "issuer"), "CN=Law Firm appliance CA");
  EXPECT_THAT(json_text(identity, "next").value(), HasSubstr("due for renewal at"));
  EXPECT_EQ(lab.renewd->stop(), 0) << lab.renewd->output();
}

TEST_F(RenewdLocal, StandsStillUntilTheAuthorityHasItsKeyAndSaysSo) {
  lab.start(kToml);
  EXPECT_TRUE(
      lab.renewd->wait_for("lan", [](const auto& i) { return alarm_of(i).contains("our own authority"); }));
  EXPECT_EQ(active_of(lab.renewd->identity("lan")), 0);
  make_ca_key();
  wait_for_active("lan", 1);
  EXPECT_EQ(alarm_of(lab.renewd->identity("lan")), "");
  EXPECT_EQ(lab.key_pairs(), 3U);
}

TEST_F(RenewdLocal, IssuesForOthersByProfileAndListsWhatItIssued) {
  make_ca_key();
  lab.start(kToml);
  wait_for_active("lan", 1);
  wait_for_active("console", 1);
  auto provisioning = lab.provisioning();
  // Any key will do for a request; keyd has some at hand.
  const auto key = provisioning.generate("mail", hsm::KeyRole::kLanIdentity, hsm::KeyType::kEcP256);
  ASSERT_TRUE(key);
  const auto csr_for = [&](const std::string& name) {
    const auto info =
        ca::csr_info(key->public_key, {.common_name = name, .organisation = "", .dns_names = {name}});
    return ca::csr_pem(*info, provisioning.sign_csr("mail", *info).value()).value();
  };
  const std::string csr = csr_for("mail.lawfirm.example");
  const auto refused =
      lab.renewd->ask("issue", {{"profile", "mail-server"}, {"csr", csr_for("mail.police.example")}});
  ASSERT_FALSE(refused) << "not a name of ours";
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  const auto issued = lab.renewd->ask("issue", {{"profile", "mail-server"}, {"csr", csr}});
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_THAT(json_text(*issued, "certificate").value(), StartsWith("-----BEGIN CERTIFICATE-----"));
  EXPECT_THAT(json_text(*issued, "chain").value(), StartsWith("-----BEGIN CERTIFICATE-----"));
  EXPECT_EQ(lab.renewd->ask("issue", {{"profile", "egress-gateway"}, {"csr", csr}}).error().code,
            ErrorCode::kNotFound);

  const auto list = lab.renewd->ask("issue-list");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(json_array(*list, "certificates")->size(), 3U);
  const auto own_ca = lab.renewd->ask("ca");
  ASSERT_TRUE(own_ca) << own_ca.error().message;
  const std::string pem = json_text(*own_ca, "certificate").value();
  EXPECT_EQ(pem, json_text(*issued, "chain").value());
  EXPECT_EQ(pem, published("root.pem"));
  const std::string fingerprint = json_text(*own_ca, "fingerprint").value();
  EXPECT_EQ(fingerprint, ca::parse_certificates(bytes_of(pem)).value().at(0).fingerprint);
  EXPECT_EQ(ca::in_groups(fingerprint) + "\n", published("fingerprint"));
  const auto crl = lab.renewd->ask("crl");
  ASSERT_TRUE(crl) << crl.error().message;
  EXPECT_THAT(json_text(*crl, "pem").value(), StartsWith("-----BEGIN X509 CRL-----"));
  EXPECT_THAT(lab.audit(), HasSubstr("\"ca-issue\""));
  EXPECT_EQ(json_text(*json_object(*lab.renewd->ask("status"), "audit"), "root").value().size(), 64U);
}

}  // namespace
}  // namespace privyseal::test
