#include "ca/renewd/keys.h"

#include <algorithm>
#include <charconv>

namespace privyseal::renewd {
namespace {

/// The number in "<identity>-<number>"; 0: it has another form.
std::int64_t number_in(std::string_view key, std::string_view identity) {
  if (!key.starts_with(identity) || key.size() < identity.size() + 2 || key[identity.size()] != '-') return 0;
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(key.data() + identity.size() + 1, key.data() + key.size(), number);
  return error == std::errc{} && end == key.data() + key.size() ? std::max<std::int64_t>(number, 0) : 0;
}

}  // namespace

Result<std::int64_t> Keys::next_number(const std::string& identity) {
  const auto keys = keyd_.list_keys();
  if (!keys) return fail("keyd", keys.error());
  std::int64_t highest = 0;
  for (const hsm::KeyInfo& key : *keys) highest = std::max(highest, number_in(key.name, identity));
  return highest + 1;
}

Result<void> Keys::make(const std::string& name, hsm::KeyRole role, hsm::KeyType type) {
  auto key = keyd_.find_key(name);
  if (!key && key.error().code == ErrorCode::kNotFound) {
    key = keyd_.generate(name, role, type);
    if (!key && key.error().code != ErrorCode::kConflict) return fail("keyd", key.error());
    if (!key) return fail(ErrorCode::kConflict, "keyd: the name " + name + " is taken by a retired key");
  }
  if (!key) return fail("keyd", key.error());
  if (key->role != role)
    return fail(ErrorCode::kConflict, "keyd: the key " + name + " is there and has another role");
  return {};
}

Result<std::string> Keys::request(const std::string& name, const ca::CsrSubject& subject) {
  const auto key = keyd_.find_key(name);
  if (!key) return fail("keyd", key.error());
  const auto info = ca::csr_info(key->public_key, subject);
  if (!info) return std::unexpected(info.error());
  const auto signature = keyd_.sign_csr(name, *info);
  if (!signature) return fail("keyd", signature.error());
  return ca::csr_pem(*info, *signature);
}

Result<Bytes> Keys::public_key(const std::string& name) {
  auto key = keyd_.find_key(name);
  if (!key) return fail("keyd", key.error());
  return std::move(key->public_key);
}

Result<void> Keys::retire(const std::string& name) {
  const auto done = keyd_.retire(name);
  if (!done && done.error().code != ErrorCode::kNotFound) return fail("keyd", done.error());
  return {};
}

}  // namespace privyseal::renewd
