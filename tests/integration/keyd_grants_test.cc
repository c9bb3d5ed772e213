// Who gets what from a real keyd: every caller asks for everything, and gets what the table says.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "hsm/keyd/test_certificates.h"
#include "hsm/keyd/test_ocsp.h"
#include "tests/integration/keyd_fixture.h"

namespace privyseal::test {
namespace {

using Callers = std::set<std::string>;
using Act = std::function<bool(hsm::Client&)>;  // true: it was granted

struct Case {
  std::string name;
  Callers granted;
  Act act;
};

/// Granted or denied; whatever else is a failure of the test.
template <class T>
bool is_granted(const Result<T>& result) {
  if (!result) {
    EXPECT_EQ(result.error().code, ErrorCode::kDenied) << result.error().message;
  }
  return result.has_value();
}

keyd::TestKey key_of(const hsm::KeyInfo& info) {
  const unsigned char* at = uchar(info.public_key);
  return {d2i_PUBKEY(nullptr, &at, static_cast<long>(info.public_key.size())), EVP_PKEY_free};
}

/// A certification request for a key that is on the token.
Bytes request_info_for(const hsm::KeyInfo& info) { return keyd::request_info_of(key_of(info)); }

class KeydGrants : public KeydTest {
 protected:
  const std::map<std::string, uid_t> callers_{{"gateway", kGatewayUid},
                                              {"renewal", kRenewalUid},
                                              {"console", kConsoleUid},
                                              {"provisioning", kProvisioningUid}};
  const hsm::KeyInfo cjsm_ = generate("cjsm", kCjsm);
  const hsm::KeyInfo lan_ = generate("lan", kLan);
  const hsm::KeyInfo audit_ = generate("audit", kAudit);
  const hsm::KeyInfo ca_ = generate("ca", kIssuingCa);
  const hsm::KeyInfo web_ = generate("web", kConsole);
  const keyd::TestKey software_ = keyd::make_test_key("P-256");

  Act finds(const std::string& name) {
    return [=](hsm::Client& client) { return is_granted(client.find_key(name)); };
  }
  Act signs_tls(const std::string& name, const std::string& side) {
    return [=](hsm::Client& client) { return is_granted(client.sign_tls13(name, certificate_verify(side))); };
  }
  Act signs_csr(const hsm::KeyInfo& key) {
    return [=](hsm::Client& client) { return is_granted(client.sign_csr(key.name, request_info_for(key))); };
  }
  Act signs_checkpoint(const std::string& name, const std::string& daemon) {
    return [=](hsm::Client& client) {
      return is_granted(client.sign_checkpoint(name, checkpoint_text("gateway.test/" + daemon, 1)));
    };
  }
  Act signs_certificate(const std::string& name) {
    const Bytes tbs = keyd::TestCertificate{.ca = software_, .subject_key = software_}.tbs();
    return [=](hsm::Client& client) { return is_granted(client.sign_certificate(name, tbs)); };
  }
  Act signs_crl(const std::string& name) {
    const Bytes tbs = keyd::TestCrl{.ca = software_}.tbs();
    return [=](hsm::Client& client) { return is_granted(client.sign_crl(name, tbs)); };
  }
  Act signs_ocsp(const std::string& name) {
    const Bytes data = keyd::TestOcsp{.ca = key_of(ca_)}.data();
    return [=](hsm::Client& client) { return is_granted(client.sign_ocsp(name, data)); };
  }
  Act generates(hsm::KeyRole role) {
    return [this, role](hsm::Client& client) {
      return is_granted(client.generate("new-" + std::to_string(++made_), role, kP256));
    };
  }
  Act retires(const std::string& name) {
    return [=](hsm::Client& client) { return is_granted(client.retire(name)); };
  }

  void expect(const std::vector<Case>& cases) {
    for (const Case& tested : cases)
      for (const auto& [caller, uid] : callers_) {
        const bool granted = as_caller(uid, tested.act);
        EXPECT_EQ(granted, tested.granted.contains(caller)) << caller << ": " << tested.name;
      }
  }

  int made_ = 0;
};

TEST_F(KeydGrants, OfEveryCallerForQuestions) {
  expect({
      {"health",
       {"gateway", "renewal", "console", "provisioning"},
       [](hsm::Client& client) { return is_granted(client.health()); }},
      {"uses",
       {"gateway", "renewal", "console", "provisioning"},
       [](hsm::Client& client) { return is_granted(client.uses()); }},
      {"list",
       {"renewal", "console", "provisioning"},
       [](hsm::Client& client) { return is_granted(client.list_keys()); }},
      {"find cjsm", {"gateway", "renewal", "provisioning"}, finds("cjsm")},
      {"find lan", {"gateway", "renewal", "provisioning"}, finds("lan")},
      {"find audit", {"gateway", "renewal", "console", "provisioning"}, finds("audit")},
      {"find ca", {"renewal", "provisioning"}, finds("ca")},
      {"find console", {"renewal", "console", "provisioning"}, finds("web")},
      {"audit entries",
       {"console", "provisioning"},
       [](hsm::Client& client) { return is_granted(client.audit_entries(0, 10)); }},
      {"audit checkpoint",
       {"console", "provisioning"},
       [](hsm::Client& client) { return is_granted(client.audit_checkpoint()); }},
  });
}

TEST_F(KeydGrants, OfEveryCallerForSignatures) {
  expect({
      {"tls client cjsm", {"gateway", "renewal"}, signs_tls("cjsm", "client")},
      {"tls server cjsm", {"gateway"}, signs_tls("cjsm", "server")},
      {"tls client lan", {}, signs_tls("lan", "client")},
      {"tls server lan", {"gateway"}, signs_tls("lan", "server")},
      {"tls client console", {}, signs_tls("web", "client")},
      {"tls server console", {"console"}, signs_tls("web", "server")},
      {"tls client audit", {}, signs_tls("audit", "client")},
      {"tls server audit", {}, signs_tls("audit", "server")},
      {"tls client ca", {}, signs_tls("ca", "client")},
      {"tls server ca", {}, signs_tls("ca", "server")},
      {"csr cjsm", {"renewal", "provisioning"}, signs_csr(cjsm_)},
      {"csr lan", {"renewal", "provisioning"}, signs_csr(lan_)},
      {"csr console", {"renewal", "provisioning"}, signs_csr(web_)},
      {"csr audit", {}, signs_csr(audit_)},
      {"csr ca", {}, signs_csr(ca_)},
      {"certificate ca", {"renewal"}, signs_certificate("ca")},
      {"certificate audit", {}, signs_certificate("audit")},
      {"certificate cjsm", {}, signs_certificate("cjsm")},
      {"crl ca", {"renewal"}, signs_crl("ca")},
      {"crl audit", {}, signs_crl("audit")},
      {"ocsp ca", {"renewal"}, signs_ocsp("ca")},
      {"ocsp audit", {}, signs_ocsp("audit")},
  });
}

TEST_F(KeydGrants, OfEveryCallerForCheckpoints) {
  expect({
      {"gatewayd's", {"gateway"}, signs_checkpoint("audit", "gatewayd")},
      {"renewd's", {"renewal"}, signs_checkpoint("audit", "renewd")},
      {"admind's", {"console"}, signs_checkpoint("audit", "admind")},
      {"a pack", {"console", "provisioning"}, signs_checkpoint("audit", "pack")},
      {"keyd's", {}, signs_checkpoint("audit", "keyd")},
      {"a stranger's", {}, signs_checkpoint("audit", "postfix")},
      {"gatewayd's with the cjsm key", {}, signs_checkpoint("cjsm", "gatewayd")},
      {"a pack with the ca key", {}, signs_checkpoint("ca", "pack")},
  });
}

TEST_F(KeydGrants, OfEveryCallerForTheLifeOfKeys) {
  expect({
      {"generate cjsm", {"renewal", "provisioning"}, generates(kCjsm)},
      {"generate lan", {"renewal", "provisioning"}, generates(kLan)},
      {"generate console", {"renewal", "provisioning"}, generates(kConsole)},
      {"generate audit", {"provisioning"}, generates(kAudit)},
      {"generate ca", {"provisioning"}, generates(kIssuingCa)},
      {"retire audit", {}, retires("audit")},
      {"retire ca", {}, retires("ca")},
  });
  // One key for each, because a retired one is gone.
  for (const auto role : {kCjsm, kLan, kConsole})
    for (const auto& [caller, uid] : callers_) {
      const std::string name = generate("old-" + std::to_string(++made_), role).name;
      EXPECT_EQ(as_caller(uid, retires(name)), caller == "renewal")
          << caller << " " << static_cast<int>(role);
    }
}

}  // namespace
}  // namespace privyseal::test
