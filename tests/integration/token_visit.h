/// A session of a test's own on keyd's token, while keyd is stopped.
///
/// Threads: one. Ownership: keyd's folder must outlive it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "firmware/base/file.h"
#include "hsm/pkcs11/mechanism.h"
#include "hsm/pkcs11/session.h"
#include "tests/support/token.h"

namespace privyseal::test {

class TokenVisit {
 public:
  explicit TokenVisit(const TestKeyd& keyd) : module_(load(keyd)), session_(open(module_)) {
    Secret pin = read_secret_file(keyd.pin_file()).value();
    EXPECT_TRUE(session_.login(CKU_USER, pin));
  }
  ~TokenVisit() {  // ends the session as well
    EXPECT_TRUE(module_.call("C_Finalize", &CK_FUNCTION_LIST::C_Finalize, nullptr));
  }
  TokenVisit(const TokenVisit&) = delete;
  TokenVisit& operator=(const TokenVisit&) = delete;

  pkcs11::Session* operator->() { return &session_; }

  std::vector<pkcs11::ObjectHandle> find(CK_OBJECT_CLASS kind, const std::string& label) {
    pkcs11::Attributes wanted;
    return session_.find(wanted.number(CKA_CLASS, kind).text(CKA_LABEL, label)).value();
  }
  Bytes id_of(const std::string& label) {
    return session_.bytes_of_attribute(find(CKO_PUBLIC_KEY, label).at(0), CKA_ID).value();
  }
  /// A key pair that keyd would not have made, unless `extractable` is false.
  pkcs11::KeyPair generate(const std::string& label, bool extractable) {
    pkcs11::Attributes public_key;
    public_key.bytes(CKA_EC_PARAMS, pkcs11::ec_params(pkcs11::Curve::kP256)).flag(CKA_TOKEN, true);
    public_key.text(CKA_LABEL, label).text(CKA_ID, "id of " + label);
    pkcs11::Attributes private_key;
    private_key.flag(CKA_TOKEN, true).flag(CKA_PRIVATE, true).flag(CKA_SIGN, true);
    private_key.flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, extractable);
    private_key.text(CKA_LABEL, label).text(CKA_ID, "id of " + label);
    return session_.generate(CKM_EC_KEY_PAIR_GEN, public_key, private_key).value();
  }

 private:
  static pkcs11::Module load(const TestKeyd& keyd) {
    ::setenv("SOFTHSM2_CONF", keyd.softhsm_conf().c_str(), 1);
    return pkcs11::Module::load(kSoftHsmModule).value();
  }
  static pkcs11::Session open(const pkcs11::Module& module) {
    const auto slot = module.find_token("test").value();
    return pkcs11::Session::open(module, slot, pkcs11::Session::Mode::kReadWrite).value();
  }

  pkcs11::Module module_;
  pkcs11::Session session_;
};

}  // namespace privyseal::test
