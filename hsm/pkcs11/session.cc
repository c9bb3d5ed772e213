#include "hsm/pkcs11/session.h"

#include <algorithm>
#include <array>
#include <utility>

namespace privyseal::pkcs11 {
namespace {

constexpr std::size_t kMaxSignatureBytes = 512;
constexpr std::size_t kEd25519SignatureBytes =
    64;  // NSS softoken refuses to write it where there is more room
constexpr std::size_t kMaxMechanisms = 10'000;
constexpr std::size_t kMaxAttributeBytes = 65'536;

CK_BYTE* writable(ByteView bytes) {
  // PKCS#11 declares its inputs without const; a module does not write to them.
  return const_cast<CK_BYTE*>(uchar(bytes));
}

}  // namespace

Outcome<Session> Session::open(const Module& module, CK_SLOT_ID slot, Mode mode) {
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (mode == Mode::kReadWrite ? CKF_RW_SESSION : 0);
  const std::uint64_t initialisation = module.initialisation();
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  if (auto done = module.call_in(initialisation, "C_OpenSession", &CK_FUNCTION_LIST::C_OpenSession, slot,
                                 flags, nullptr, nullptr, &handle);
      !done)
    return std::unexpected(done.error());
  return Session(module, initialisation, handle);
}

Session::~Session() { close(); }

Session::Session(Session&& other) noexcept
    : module_(other.module_),
      initialisation_(other.initialisation_),
      handle_(std::exchange(other.handle_, CK_INVALID_HANDLE)) {}

Session& Session::operator=(Session&& other) noexcept {
  if (this != &other) {
    close();
    module_ = other.module_;
    initialisation_ = other.initialisation_;
    handle_ = std::exchange(other.handle_, CK_INVALID_HANDLE);
  }
  return *this;
}

void Session::close() {
  if (handle_ == CK_INVALID_HANDLE) return;
  // A session that is dead already cannot be closed; that is why it is thrown away.
  [[maybe_unused]] const auto closed = call("C_CloseSession", &CK_FUNCTION_LIST::C_CloseSession);
  handle_ = CK_INVALID_HANDLE;
}

Outcome<bool> Session::is_logged_in() const {
  CK_SESSION_INFO info{};
  if (auto done = call("C_GetSessionInfo", &CK_FUNCTION_LIST::C_GetSessionInfo, &info); !done)
    return std::unexpected(done.error());
  return info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS;
}

Outcome<void> Session::login(CK_USER_TYPE user, Secret& pin) const {
  const auto bytes = pin.reveal();
  return call("C_Login", &CK_FUNCTION_LIST::C_Login, user, uchar(bytes), bytes.size());
}

Outcome<void> Session::initialise_pin(Secret& pin) const {
  const auto bytes = pin.reveal();
  return call("C_InitPIN", &CK_FUNCTION_LIST::C_InitPIN, uchar(bytes), bytes.size());
}

Outcome<std::vector<ObjectHandle>> Session::find(Attributes wanted) const {
  const auto view = wanted.view();
  if (auto done = call("C_FindObjectsInit", &CK_FUNCTION_LIST::C_FindObjectsInit, view.data(), view.size());
      !done)
    return std::unexpected(done.error());
  std::vector<ObjectHandle> found;
  Outcome<void> searched;
  for (;;) {
    std::array<CK_OBJECT_HANDLE, 64> some{};
    CK_ULONG count = 0;
    searched = call("C_FindObjects", &CK_FUNCTION_LIST::C_FindObjects, some.data(), some.size(), &count);
    if (!searched || count == 0) break;
    for (const CK_OBJECT_HANDLE handle : std::span(some).first(count)) found.push_back(ObjectHandle{handle});
  }
  const auto ended = call("C_FindObjectsFinal", &CK_FUNCTION_LIST::C_FindObjectsFinal);
  if (!searched) return std::unexpected(searched.error());
  if (!ended) return std::unexpected(ended.error());
  // Whoever is not logged in is not told so: it just sees no private objects.
  const auto logged_in = is_logged_in();
  if (!logged_in) return std::unexpected(logged_in.error());
  if (!*logged_in) return fail_call("C_FindObjects", CKR_USER_NOT_LOGGED_IN);
  return found;
}

Outcome<Bytes> Session::bytes_of_attribute(ObjectHandle object, CK_ATTRIBUTE_TYPE type) const {
  CK_ATTRIBUTE attribute{.type = type, .pValue = nullptr, .ulValueLen = 0};
  const auto get = [&] {
    return call("C_GetAttributeValue", &CK_FUNCTION_LIST::C_GetAttributeValue, std::to_underlying(object),
                &attribute, 1);
  };
  if (auto done = get(); !done) return std::unexpected(done.error());
  if (attribute.ulValueLen > kMaxAttributeBytes)  // also CK_UNAVAILABLE_INFORMATION
    return fail(ErrorCode::kUnavailable, "C_GetAttributeValue: no usable length");
  Bytes value(attribute.ulValueLen);
  attribute.pValue = value.data();
  if (auto done = get(); !done) return std::unexpected(done.error());
  if (attribute.ulValueLen > value.size())
    return fail(ErrorCode::kUnavailable, "C_GetAttributeValue: the length changed");
  value.resize(attribute.ulValueLen);
  return value;
}

Outcome<bool> Session::flag(ObjectHandle object, CK_ATTRIBUTE_TYPE type) const {
  const auto value = bytes_of_attribute(object, type);
  if (!value) return std::unexpected(value.error());
  if (value->size() != sizeof(CK_BBOOL))
    return fail(ErrorCode::kUnavailable, "C_GetAttributeValue: a flag is not one byte");
  return value->front() != std::byte{CK_FALSE};
}

Outcome<void> Session::destroy(ObjectHandle object) const {
  return call("C_DestroyObject", &CK_FUNCTION_LIST::C_DestroyObject, std::to_underlying(object));
}

Outcome<KeyPair> Session::generate(CK_MECHANISM_TYPE mechanism, Attributes public_key,
                                   Attributes private_key) const {
  CK_MECHANISM how{.mechanism = mechanism, .pParameter = nullptr, .ulParameterLen = 0};
  const auto public_view = public_key.view();
  const auto private_view = private_key.view();
  CK_OBJECT_HANDLE public_handle = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_handle = CK_INVALID_HANDLE;
  if (auto done =
          call("C_GenerateKeyPair", &CK_FUNCTION_LIST::C_GenerateKeyPair, &how, public_view.data(),
               public_view.size(), private_view.data(), private_view.size(), &public_handle, &private_handle);
      !done)
    return std::unexpected(done.error());
  return KeyPair{.public_key = ObjectHandle{public_handle}, .private_key = ObjectHandle{private_handle}};
}

Outcome<Bytes> Session::sign(ObjectHandle key, CK_MECHANISM_TYPE mechanism, ByteView input,
                             ByteView parameter) const {
  CK_MECHANISM how{.mechanism = mechanism,
                   .pParameter = parameter.empty() ? nullptr : writable(parameter),
                   .ulParameterLen = parameter.size()};
  if (auto done = call("C_SignInit", &CK_FUNCTION_LIST::C_SignInit, &how, std::to_underlying(key)); !done)
    return std::unexpected(done.error());
  Bytes signature(mechanism == CKM_EDDSA ? kEd25519SignatureBytes : kMaxSignatureBytes);
  CK_ULONG length = signature.size();
  if (auto done = call("C_Sign", &CK_FUNCTION_LIST::C_Sign, writable(input), input.size(),
                       uchar(std::span(signature)), &length);
      !done)
    return std::unexpected(done.error());
  if (length > signature.size()) return fail(ErrorCode::kUnavailable, "C_Sign: no usable length");
  signature.resize(length);
  return signature;
}

Outcome<CK_SLOT_ID> Session::slot() const {
  CK_SESSION_INFO info{};
  if (auto done = call("C_GetSessionInfo", &CK_FUNCTION_LIST::C_GetSessionInfo, &info); !done)
    return std::unexpected(done.error());
  return info.slotID;
}

Outcome<bool> Session::has_mechanism(CK_MECHANISM_TYPE mechanism) const {
  const auto on = slot();
  if (!on) return std::unexpected(on.error());
  CK_ULONG count = 0;
  std::vector<CK_MECHANISM_TYPE> listed;
  const auto list = [&] {
    return module_->call("C_GetMechanismList", &CK_FUNCTION_LIST::C_GetMechanismList, *on,
                         listed.empty() ? nullptr : listed.data(), &count);
  };
  if (auto done = list(); !done) return std::unexpected(done.error());
  if (count == 0 || count > kMaxMechanisms) return false;
  listed.resize(count);
  if (auto done = list(); !done) return std::unexpected(done.error());
  listed.resize(std::min<std::size_t>(count, listed.size()));
  return std::ranges::contains(listed, mechanism);
}

Outcome<CK_ULONG> Session::longest_key(CK_MECHANISM_TYPE mechanism) const {
  const auto on = slot();
  if (!on) return std::unexpected(on.error());
  CK_MECHANISM_INFO info{};
  if (auto done =
          module_->call("C_GetMechanismInfo", &CK_FUNCTION_LIST::C_GetMechanismInfo, *on, mechanism, &info);
      !done)
    return std::unexpected(done.error());
  return info.ulMaxKeySize;
}

}  // namespace privyseal::pkcs11
