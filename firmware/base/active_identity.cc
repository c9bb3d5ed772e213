#include "firmware/base/active_identity.h"

#include <algorithm>

#include "firmware/base/bytes.h"
#include "firmware/base/file.h"

namespace privyseal {
namespace {

constexpr std::size_t kMostUriBytes = 256;

/// One line of printable ASCII, with its line end or without.
Result<std::string> read_uri(const std::filesystem::path& file) {
  const auto bytes = read_file(file, kMostUriBytes);
  if (!bytes) return std::unexpected(bytes.error());
  std::string uri(text_of(*bytes));
  if (uri.ends_with('\n')) uri.pop_back();
  const bool printable = std::ranges::all_of(uri, [](char c) { return c > ' ' && c < 0x7f; });
  if (uri.empty() || !printable) return fail(ErrorCode::kInvalid, file.string() + ": holds no key's URI");
  return uri;
}

}  // namespace

Result<ActiveIdentity> read_active_identity(const std::filesystem::path& folder) {
  std::error_code error;
  const auto active = std::filesystem::read_symlink(folder / "active", error);
  if (error) return fail(ErrorCode::kNotFound, (folder / "active").string() + ": " + error.message());
  ActiveIdentity identity{
      .generation = folder / active, .chain = folder / active / "chain.pem", .key_uri = {}};
  auto uri = read_uri(identity.generation / "key.uri");
  if (!uri) return std::unexpected(uri.error());
  identity.key_uri = std::move(*uri);
  return identity;
}

}  // namespace privyseal
