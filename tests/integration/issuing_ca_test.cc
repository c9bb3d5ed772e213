// The appliance's own CA with its key in a token: all that it issues passes keyd's rules and the import
// rules.
#include <gmock/gmock.h>

#include "ca/authority/authority.h"
#include "ca/authority/keyd_signer.h"
#include "ca/csr.h"
#include "ca/est.h"
#include "ca/import_policy.h"
#include "tests/integration/keyd_fixture.h"
#include "tests/support/certificates.h"

namespace privyseal::test {
namespace {

using authority::Authority;
using authority::AuthoritySettings;
using authority::KeydSigner;

class IssuingCa : public KeydTest {
 protected:
  /// Everything that `act` does with keyd is done by renewal's user.
  template <class Act>
  auto as_renewal(Act act) {
    return as_user(kRenewalUid, [&] {
      hsm::Client client(keyd.socket(), kDeadline);
      return act(client);
    });
  }
  Bytes csr_of(hsm::Client& client, const hsm::KeyInfo& key, const std::string& name) {
    const Bytes info = ca::csr_info(key.public_key, {name, "Law Firm", {name}}).value();
    return ca::csr_der(ca::csr_pem(info, client.sign_csr(key.name, info).value()).value()).value();
  }

  const AuthoritySettings settings{.common_name = "gateway.lawfirm.example CA",
                                   .profiles = {"smtp-listener", "mail-server", "web-admin", "admin-client"},
                                   .domains = {"lawfirm.example"}};
  TempFolder folder;
  SystemClock clock;
  Database database = Database::open(folder / "ca.db", Database::Mode::kReadWrite).value();
};

TEST_F(IssuingCa, IssuesForKeysOfTheTokenAndForOthers) {
  generate("issuing-ca", hsm::KeyRole::kIssuingCa, kP384);
  const auto lan = generate("lan", kLan);
  as_renewal([&](hsm::Client& client) {
    const auto signer = KeydSigner::open(client, "issuing-ca").value();
    const auto authority = Authority::open(database, *signer, settings, clock);
    ASSERT_TRUE(authority) << authority.error().message << keyd.log();
    const auto listener =
        (*authority)->issue("smtp-listener", csr_of(client, lan, "gateway.lawfirm.example"), "renewal");
    ASSERT_TRUE(listener) << listener.error().message << keyd.log();
    const auto judgement = ca::judge({.public_key = lan.public_key,
                                      .dns_names = {"gateway.lawfirm.example"},
                                      .needs_client = false,
                                      .roots = {(*authority)->root()}},
                                     {&*listener, 1}, clock.now());
    EXPECT_TRUE(judgement.is_accepted()) << judgement.refusal_text();

    const std::string mail_server =
        request_pem(new_key_pem("RSA-2048"), {.dns_names = {"mail.lawfirm.example", "mx.lawfirm.example"}});
    const std::string person = request_pem(new_key_pem("P-256"), {.common_name = "Alice Example"});
    for (const auto& [profile, pem] :
         {std::pair("mail-server", mail_server), std::pair("admin-client", person)}) {
      const auto issued = (*authority)->issue(profile, ca::csr_der(pem).value(), "alice");
      EXPECT_TRUE(issued) << profile << ": " << issued.error().message << keyd.log();
    }
    ASSERT_TRUE((*authority)->crl()) << keyd.log();
    ASSERT_TRUE((*authority)->revoke(listener->serial, authority::Revocation::kSuperseded, "alice"));
    const auto crl = (*authority)->crl();
    EXPECT_TRUE(crl) << crl.error().message << keyd.log();
  });
}

TEST_F(IssuingCa, TheRootOutlivesARestartOfKeyd) {
  generate("issuing-ca", hsm::KeyRole::kIssuingCa);
  const auto open_root = [&](hsm::Client& client) {
    const auto signer = KeydSigner::open(client, "issuing-ca").value();
    return Authority::open(database, *signer, settings, clock).value()->root();
  };
  const ca::Certificate before = as_renewal(open_root);
  keyd.restart();
  EXPECT_EQ(as_renewal(open_root), before);
}

TEST_F(IssuingCa, AnotherRolesKeyIsNoSigner) {
  generate("lan", kLan);
  as_renewal([&](hsm::Client& client) {
    EXPECT_EQ(KeydSigner::open(client, "lan").error().code, ErrorCode::kDenied);
    EXPECT_EQ(KeydSigner::open(client, "issuing-ca").error().code, ErrorCode::kNotFound);
  });
}

}  // namespace
}  // namespace privyseal::test
