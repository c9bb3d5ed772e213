/// The keys are in a token whose PKCS#11 module is loaded into the calling program itself: for benches and
/// for tools, which want to know what keyd costs or have none. It is not in the image: it needs the PIN in
/// the program that parses what the network sends, and nobody counts or refuses but this program.
///
/// What is signed is checked as keyd checks it (tls13.h, csr.h), but no signature is verified before it
/// leaves: the module is this program's own. Certificates and CRLs are keyd's alone, which writes them down.
///
/// Settings: `pkcs11-module`, `pkcs11-token` (its label), `pkcs11-pin-file`, and for modules that want to be
/// told something by C_Initialize `pkcs11-parameters`. Threads: any, as many
/// sessions as there are signatures at once. A child of a fork cannot use what its parent has opened, and is
/// told so.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware/base/file.h"
#include "firmware/base/guarded.h"
#include "hsm/keyd/csr.h"
#include "hsm/keyd/key_attributes.h"
#include "hsm/keyd/key_label.h"
#include "hsm/keyd/tls13.h"
#include "hsm/keyd/token_public_key.h"
#include "hsm/keyd/token_signature.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"
#include "hsm/provider/keys.h"

namespace privyseal::hsm::provider {
namespace {

using pkcs11::ObjectHandle;
using pkcs11::Session;

struct HeldKey {
  KeyInfo info;
  Bytes id;
  keyd::PublicKey public_key;
  ObjectHandle private_key;
};
using HeldKeys = std::map<std::string, HeldKey, std::less<>>;

Result<ObjectHandle> only_object(const Session& session, CK_OBJECT_CLASS kind, const Bytes& label,
                                 ByteView id) {
  pkcs11::Attributes wanted;
  const auto found = session.find(wanted.number(CKA_CLASS, kind).bytes(CKA_LABEL, label).bytes(CKA_ID, id));
  if (!found) return std::unexpected(found.error());
  if (found->size() != 1) return fail(ErrorCode::kInvalid, "there is not one pair of this label and id");
  return found->front();
}

/// kInvalid also for objects that are none of ours.
Result<HeldKey> held_key(const Session& session, ObjectHandle private_key) {
  const auto label_bytes = session.bytes_of_attribute(private_key, CKA_LABEL);
  if (!label_bytes) return std::unexpected(label_bytes.error());
  const auto label = keyd::parse_key_label(text_of(*label_bytes));
  if (!label) return fail(ErrorCode::kInvalid, "no key of ours");
  auto id = session.bytes_of_attribute(private_key, CKA_ID);
  if (!id) return std::unexpected(id.error());
  if (auto held = keyd::check_private_key(session, private_key); !held) return std::unexpected(held.error());
  const auto half = only_object(session, CKO_PUBLIC_KEY, *label_bytes, *id);
  if (!half) return std::unexpected(half.error());
  auto public_key = keyd::read_public_key(session, *half);
  if (!public_key) return std::unexpected(public_key.error());
  KeyInfo info{
      .name = label->name, .role = label->role, .type = public_key->type(), .public_key = public_key->spki()};
  return HeldKey{std::move(info), std::move(*id), std::move(*public_key), private_key};
}

/// Keys that are not as keyd would have them, and names that two keys have, are left out.
Result<HeldKeys> survey(const Session& session) {
  pkcs11::Attributes wanted;
  const auto found = session.find(wanted.number(CKA_CLASS, CKO_PRIVATE_KEY));
  if (!found) return std::unexpected(found.error());
  HeldKeys keys;
  std::vector<std::string> twice;
  for (const ObjectHandle object : *found) {
    auto key = held_key(session, object);
    if (!key) continue;
    std::string name = key->info.name;
    if (!keys.emplace(name, std::move(*key)).second) twice.push_back(std::move(name));
  }
  for (const std::string& name : twice) keys.erase(name);
  return keys;
}

class TokenKeys final : public Keys {
 public:
  TokenKeys(const pkcs11::Module& module, CK_SLOT_ID slot, Session& lasting, HeldKeys keys)
      : module_(module), slot_(slot), lasting_(lasting), keys_(std::move(keys)) {}

  Result<KeyInfo> find(std::string_view name) override {
    const auto key = keys_.find(name);
    if (key == keys_.end()) return fail(ErrorCode::kNotFound, "there is no such key");
    return key->second.info;
  }
  Result<KeyInfo> find_by_id(ByteView id) override {
    for (const auto& [name, key] : keys_)
      if (std::ranges::equal(key.id, id)) return key.info;
    return fail(ErrorCode::kNotFound, "there is no such key");
  }
  Result<Bytes> sign_tls13(std::string_view name, ByteView message, Hash hash) override {
    if (!keyd::certificate_verify_side(message))
      return fail(ErrorCode::kDenied, "it is no TLS 1.3 CertificateVerify input");
    return with_key(name, [&](const HeldKey& key) -> Result<Bytes> {
      const auto scheme = keyd::tls13_scheme(key.info.type, hash);
      if (!scheme) return std::unexpected(scheme.error());
      return sign(key, *scheme, message);
    });
  }
  Result<Bytes> sign_tls12(std::string_view, ByteView, Hash) override { return keyds_alone(); }
  Result<Bytes> sign_csr(std::string_view name, ByteView request_info) override {
    return with_key(name, [&](const HeldKey& key) -> Result<Bytes> {
      if (auto checked = keyd::check_request_info(request_info, key.public_key.spki()); !checked)
        return std::unexpected(checked.error());
      return sign(key, keyd::document_scheme(key.info.type), request_info);
    });
  }
  Result<Bytes> sign_certificate(std::string_view, ByteView) override { return keyds_alone(); }
  Result<Bytes> sign_crl(std::string_view, ByteView) override { return keyds_alone(); }
  Result<Bytes> sign_ocsp(std::string_view, ByteView) override { return keyds_alone(); }
  bool is_ready() override { return ::getpid() == owner_ && lasting_.is_logged_in().value_or(false); }

 private:
  static Result<Bytes> keyds_alone() {
    return fail(ErrorCode::kDenied, "only keyd signs TLS 1.2, certificates, CRLs and OCSP responses");
  }

  template <class Act>
  Result<Bytes> with_key(std::string_view name, Act act) {
    if (::getpid() != owner_)
      return fail(ErrorCode::kUnavailable, "the PKCS#11 module was loaded before this process was forked");
    const auto key = keys_.find(name);
    if (key == keys_.end()) return fail(ErrorCode::kNotFound, "there is no such key");
    return act(key->second);
  }

  Result<Session> borrow() {
    auto idle = idle_.with([](std::vector<Session>& sessions) -> std::optional<Session> {
      if (sessions.empty()) return std::nullopt;
      std::optional<Session> session(std::move(sessions.back()));
      sessions.pop_back();
      return session;
    });
    if (idle) return std::move(*idle);
    return Session::open(module_, slot_, Session::Mode::kReadOnly);
  }

  /// A session that failed may hold a half-done operation: it is closed, and not given back.
  Result<Bytes> sign(const HeldKey& key, keyd::Scheme scheme, ByteView message) {
    auto session = borrow();
    if (!session) return std::unexpected(session.error());
    const keyd::TokenCall call = keyd::token_call_for(scheme, message, session->quirks());
    const auto raw = session->sign(key.private_key, call.mechanism, call.input, call.parameter);
    if (!raw) return fail(ErrorCode::kUnavailable, raw.error().message);
    idle_.with([&](std::vector<Session>& sessions) { sessions.push_back(std::move(*session)); });
    return keyd::signature_from_token(key.info.type, *raw);
  }

  const pid_t owner_ = ::getpid();
  // Module and sessions are never freed: at process end OpenSSL unloads its providers when the module has
  // perhaps ended already, and closing a session would call into it. The kernel takes everything back.
  const pkcs11::Module& module_;
  CK_SLOT_ID slot_;
  Session& lasting_;  // the log-in ends with the last session
  HeldKeys keys_;     // never changes
  Guarded<std::vector<Session>>& idle_ = *new Guarded<std::vector<Session>>();
};

}  // namespace

Result<std::unique_ptr<Keys>> open_keys(const Setting& setting) {
  std::map<std::string, std::string> given;
  for (const char* name : {"pkcs11-module", "pkcs11-token", "pkcs11-pin-file"}) {
    const char* value = setting(name);
    if (value == nullptr || *value == '\0')
      return fail(ErrorCode::kInvalid,
                  std::string("privyseal_pkcs11 provider: the setting `") + name + "` is missing");
    given[name] = value;
  }
  const char* const parameters = setting("pkcs11-parameters");
  const auto loaded = pkcs11::Module::load(given["pkcs11-module"], parameters == nullptr ? "" : parameters);
  if (!loaded) return std::unexpected(loaded.error());
  const auto slot = loaded->find_token(given["pkcs11-token"]);
  if (!slot) return std::unexpected(slot.error());
  const auto& module = *new pkcs11::Module(*loaded);  // see TokenKeys
  auto opened = Session::open(module, *slot, Session::Mode::kReadOnly);
  if (!opened) return std::unexpected(opened.error());
  auto& session = *new Session(std::move(*opened));
  auto pin = read_secret_file(given["pkcs11-pin-file"]);
  if (!pin) return std::unexpected(pin.error());
  if (auto done = session.login(CKU_USER, *pin); !done) return std::unexpected(done.error());
  auto keys = survey(session);
  if (!keys) return std::unexpected(keys.error());
  return std::make_unique<TokenKeys>(module, *slot, session, std::move(*keys));
}

}  // namespace privyseal::hsm::provider
