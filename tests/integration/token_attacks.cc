/// The known attacks on a PKCS#11 token, tried with the user's PIN on every private key of ours:
///
///     token_attacks MODULE TOKEN-LABEL PIN-FILE [PARAMETERS-OF-THE-MODULE]
///
/// Reading the secret parts, making a key readable or giving it a further use (where it lies, and in a copy),
/// and taking it out wrapped by keys that the attacker made. Prints a line for each; 0: none succeeded, 1:
/// one did, 2: nothing could be tried.
#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "firmware/base/file.h"
#include "hsm/pkcs11/attributes.h"
#include "hsm/pkcs11/module.h"

namespace {

using namespace privyseal;
using pkcs11::Attributes;

struct Named {
  CK_ATTRIBUTE_TYPE type;
  const char* name;
};
constexpr std::array kSecretParts{
    Named{CKA_VALUE, "CKA_VALUE"},           Named{CKA_PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT"},
    Named{CKA_PRIME_1, "CKA_PRIME_1"},       Named{CKA_PRIME_2, "CKA_PRIME_2"},
    Named{CKA_EXPONENT_1, "CKA_EXPONENT_1"}, Named{CKA_COEFFICIENT, "CKA_COEFFICIENT"}};
constexpr std::array kFurtherUses{Named{CKA_DECRYPT, "CKA_DECRYPT"}, Named{CKA_DERIVE, "CKA_DERIVE"},
                                  Named{CKA_UNWRAP, "CKA_UNWRAP"},
                                  Named{CKA_SIGN_RECOVER, "CKA_SIGN_RECOVER"}};
constexpr std::array kWrapping{Named{CKM_AES_KEY_WRAP, "CKM_AES_KEY_WRAP"},
                               Named{CKM_AES_KEY_WRAP_PAD, "CKM_AES_KEY_WRAP_PAD"},
                               Named{CKM_AES_CBC_PAD, "CKM_AES_CBC_PAD"}, Named{CKM_AES_ECB, "CKM_AES_ECB"}};

class Attacker {
 public:
  Attacker(const CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE session)
      : functions_(functions), session_(session) {}

  std::vector<CK_OBJECT_HANDLE> keys_of_ours() {
    std::vector<CK_OBJECT_HANDLE> ours;
    Attributes wanted;
    auto view = wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).view();
    if (!call(&CK_FUNCTION_LIST::C_FindObjectsInit, session_, view.data(), view.size())) return ours;
    std::array<CK_OBJECT_HANDLE, 100> found{};
    CK_ULONG count = 0;
    (void)call(&CK_FUNCTION_LIST::C_FindObjects, session_, found.data(), found.size(), &count);
    (void)call(&CK_FUNCTION_LIST::C_FindObjectsFinal, session_);
    for (std::size_t i = 0; i < count; ++i)
      if (label_of(found[i]).starts_with("privyseal:")) ours.push_back(found[i]);
    return ours;
  }

  void try_all(CK_OBJECT_HANDLE key) {
    label_ = label_of(key);
    try_to_weaken(key, "set");
    for (const Named& part : kSecretParts) note("read", part.name, !value_of(key, part.type).empty());
    try_other_uses(key);
    try_copies(key);
    try_wrapping(key);
  }

  [[nodiscard]] int succeeded() const { return succeeded_; }

 private:
  /// Not through our doorway, which knows only the functions that keyd calls.
  template <class... Parameters>
  bool call(CK_RV (*CK_FUNCTION_LIST::*function)(Parameters...),
            std::type_identity_t<Parameters>... arguments) {
    return functions_.*function != nullptr && (functions_.*function)(arguments...) == CKR_OK;
  }

  Bytes value_of(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type) {
    Bytes value(8192);
    CK_ATTRIBUTE attribute{.type = type, .pValue = value.data(), .ulValueLen = value.size()};
    if (!call(&CK_FUNCTION_LIST::C_GetAttributeValue, session_, key, &attribute, 1UL) ||
        attribute.ulValueLen > value.size())
      return {};
    value.resize(attribute.ulValueLen);
    return value;
  }
  bool is_set(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type) {
    const Bytes value = value_of(key, type);
    return !value.empty() && value[0] != std::byte{CK_FALSE};
  }
  std::string label_of(CK_OBJECT_HANDLE key) { return std::string(text_of(value_of(key, CKA_LABEL))); }

  void note(const std::string& act, const char* what, bool is_done) {
    std::printf("%-9s %s: %s %s\n", is_done ? "SUCCEEDED" : "held", label_.c_str(), act.c_str(), what);
    succeeded_ += is_done ? 1 : 0;
  }

  bool set_flag(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool value) {
    Attributes change;
    auto view = change.flag(type, value).view();
    (void)call(&CK_FUNCTION_LIST::C_SetAttributeValue, session_, key, view.data(), view.size());
    return is_set(key, type) == value;  // what counts is what it is afterwards
  }

  void try_to_weaken(CK_OBJECT_HANDLE key, const std::string& act) {
    note(act, "CKA_SENSITIVE false", set_flag(key, CKA_SENSITIVE, false));
    note(act, "CKA_EXTRACTABLE true", set_flag(key, CKA_EXTRACTABLE, true));
    for (const Named& use : kFurtherUses) note(act, use.name, set_flag(key, use.type, true));
  }

  /// Whatever its attributes say now: does the token use it for anything but signing?
  void try_other_uses(CK_OBJECT_HANDLE key) {
    CK_MECHANISM how{.mechanism = CKM_RSA_X_509, .pParameter = nullptr, .ulParameterLen = 0};
    std::vector<CK_BYTE> input(value_of(key, CKA_MODULUS).size());
    if (input.empty()) return;  // keys on curves neither decrypt nor recover
    input.back() = 2;
    std::vector<CK_BYTE> output(8192);
    CK_ULONG length = output.size();
    note(
        "use", "C_Decrypt",
        call(&CK_FUNCTION_LIST::C_DecryptInit, session_, &how, key) &&
            call(&CK_FUNCTION_LIST::C_Decrypt, session_, input.data(), input.size(), output.data(), &length));
    length = output.size();
    note("use", "C_SignRecover",
         call(&CK_FUNCTION_LIST::C_SignRecoverInit, session_, &how, key) &&
             call(&CK_FUNCTION_LIST::C_SignRecover, session_, input.data(), input.size(), output.data(),
                  &length));
  }

  /// A copy is no harm by itself; one that can do more than the key is.
  void try_copies(CK_OBJECT_HANDLE key) {
    struct Change {
      CK_ATTRIBUTE_TYPE type;
      bool value;
      const char* name;
    };
    for (const Change& change :
         {Change{CKA_SENSITIVE, false, "with CKA_SENSITIVE false"},
          Change{CKA_EXTRACTABLE, true, "with CKA_EXTRACTABLE true"},
          Change{CKA_DECRYPT, true, "with CKA_DECRYPT"}, Change{CKA_DERIVE, true, "with CKA_DERIVE"},
          Change{CKA_MODIFIABLE, true, "with CKA_MODIFIABLE"}}) {
      Attributes wanted;
      auto view = wanted.flag(CKA_TOKEN, false).flag(change.type, change.value).view();
      CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
      const bool is_made =
          call(&CK_FUNCTION_LIST::C_CopyObject, session_, key, view.data(), view.size(), &copy);
      note("copy", change.name, is_made && is_set(copy, change.type) == change.value);
      if (!is_made) continue;
      try_to_weaken(copy, "set in a copy");
      for (const Named& part : kSecretParts)
        note("read from a copy", part.name, !value_of(copy, part.type).empty());
      (void)call(&CK_FUNCTION_LIST::C_DestroyObject, session_, copy);
    }
  }

  CK_OBJECT_HANDLE aes_key() {
    CK_MECHANISM how{.mechanism = CKM_AES_KEY_GEN, .pParameter = nullptr, .ulParameterLen = 0};
    Attributes wanted;
    wanted.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES).number(CKA_VALUE_LEN, 32);
    wanted.flag(CKA_TOKEN, false).flag(CKA_WRAP, true).flag(CKA_UNWRAP, true).flag(CKA_ENCRYPT, true);
    auto view = wanted.flag(CKA_DECRYPT, true).flag(CKA_EXTRACTABLE, true).flag(CKA_SENSITIVE, false).view();
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    return call(&CK_FUNCTION_LIST::C_GenerateKey, session_, &how, view.data(), view.size(), &key)
               ? key
               : CK_INVALID_HANDLE;
  }

  CK_OBJECT_HANDLE rsa_key() {
    CK_MECHANISM how{.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN, .pParameter = nullptr, .ulParameterLen = 0};
    constexpr std::array kExponent{std::byte{1}, std::byte{0}, std::byte{1}};
    Attributes public_key;
    Attributes private_key;
    public_key.number(CKA_MODULUS_BITS, 2048).bytes(CKA_PUBLIC_EXPONENT, kExponent).flag(CKA_TOKEN, false);
    auto public_view = public_key.flag(CKA_WRAP, true).flag(CKA_ENCRYPT, true).view();
    auto private_view =
        private_key.flag(CKA_TOKEN, false).flag(CKA_DECRYPT, true).flag(CKA_UNWRAP, true).view();
    CK_OBJECT_HANDLE wrapping = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE unwrapping = CK_INVALID_HANDLE;
    return call(&CK_FUNCTION_LIST::C_GenerateKeyPair, session_, &how, public_view.data(), public_view.size(),
                private_view.data(), private_view.size(), &wrapping, &unwrapping)
               ? wrapping
               : CK_INVALID_HANDLE;
  }

  void try_wrap(CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE with, const Named& mechanism) {
    if (with == CK_INVALID_HANDLE) return;
    std::array<CK_BYTE, 16> start{};
    CK_RSA_PKCS_OAEP_PARAMS oaep{.hashAlg = CKM_SHA_1,
                                 .mgf = CKG_MGF1_SHA1,
                                 .source = CKZ_DATA_SPECIFIED,
                                 .pSourceData = nullptr,
                                 .ulSourceDataLen = 0};
    CK_MECHANISM how{.mechanism = mechanism.type, .pParameter = nullptr, .ulParameterLen = 0};
    if (mechanism.type == CKM_AES_CBC_PAD) {
      how.pParameter = start.data();
      how.ulParameterLen = start.size();
    } else if (mechanism.type == CKM_RSA_PKCS_OAEP) {
      how.pParameter = &oaep;
      how.ulParameterLen = sizeof(oaep);
    }
    std::vector<CK_BYTE> wrapped(8192);
    CK_ULONG length = wrapped.size();
    note("wrap out by", mechanism.name,
         call(&CK_FUNCTION_LIST::C_WrapKey, session_, &how, with, key, wrapped.data(), &length));
  }

  void try_wrapping(CK_OBJECT_HANDLE key) {
    const CK_OBJECT_HANDLE aes = aes_key();
    for (const Named& mechanism : kWrapping) try_wrap(key, aes, mechanism);
    const CK_OBJECT_HANDLE rsa = rsa_key();
    try_wrap(key, rsa, {CKM_RSA_PKCS, "CKM_RSA_PKCS"});
    try_wrap(key, rsa, {CKM_RSA_PKCS_OAEP, "CKM_RSA_PKCS_OAEP"});
    try_wrap(key, key, {CKM_RSA_PKCS, "itself"});
  }

  const CK_FUNCTION_LIST& functions_;
  CK_SESSION_HANDLE session_;
  std::string label_;
  int succeeded_ = 0;
};

/// Initialised. Asked for once: the p11-kit client makes another, blank one each time.
const CK_FUNCTION_LIST* load(const char* module, char* parameters) {
  void* library = ::dlopen(module, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  struct {
    CK_C_INITIALIZE_ARGS standard;
    void* behind;  // module.cc says why
  } arguments{};
  arguments.standard.flags = CKF_OS_LOCKING_OK;
  arguments.standard.pReserved = parameters;
  if (get == nullptr || get(&functions) != CKR_OK || functions->C_Initialize(&arguments) != CKR_OK)
    return nullptr;
  return functions;
}

std::optional<CK_SLOT_ID> find_token(const CK_FUNCTION_LIST& functions, std::string_view label) {
  std::array<CK_SLOT_ID, 64> slots{};
  CK_ULONG count = slots.size();
  if (functions.C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) return std::nullopt;
  for (const CK_SLOT_ID slot : std::span(slots).first(count)) {
    CK_TOKEN_INFO info{};
    if (functions.C_GetTokenInfo(slot, &info) == CKR_OK && pkcs11::label_of(info) == label) return slot;
  }
  return std::nullopt;
}

int cannot(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5)
    return cannot({ErrorCode::kInvalid, "usage: token_attacks MODULE TOKEN-LABEL PIN-FILE [PARAMETERS]"});
  const CK_FUNCTION_LIST* functions = load(argv[1], argc == 5 ? argv[4] : nullptr);
  if (functions == nullptr) return cannot({ErrorCode::kUnavailable, "the module does not load"});
  const auto slot = find_token(*functions, argv[2]);
  if (!slot) return cannot({ErrorCode::kNotFound, "there is no such token"});
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  if (functions->C_OpenSession(*slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session) !=
      CKR_OK)
    return cannot({ErrorCode::kUnavailable, "C_OpenSession"});
  auto pin = read_secret_file(argv[3]);
  if (!pin) return cannot(pin.error());
  const auto bytes = pin->reveal();
  if (functions->C_Login(session, CKU_USER, uchar(bytes), bytes.size()) != CKR_OK)
    return cannot({ErrorCode::kDenied, "C_Login"});
  Attacker attacker(*functions, session);
  const auto keys = attacker.keys_of_ours();
  for (const CK_OBJECT_HANDLE key : keys) attacker.try_all(key);
  std::printf("%zu keys, %d attacks succeeded\n", keys.size(), attacker.succeeded());
  std::fflush(stdout);
  std::quick_exit(keys.empty()               ? 2
                  : attacker.succeeded() > 0 ? 1
                                             : 0);  // modules crash in their own teardown
}
