#include "web-admin/server/identity.h"

#include "firmware/base/active_identity.h"
#include "firmware/base/log.h"

namespace privyseal::web {
namespace {

std::string target_of(const std::filesystem::path& link) {
  std::error_code none;
  return std::filesystem::read_symlink(link, none).string();
}

}  // namespace

Result<Identity> Identity::open(std::shared_ptr<const tls::Library> library, std::filesystem::path folder) {
  Identity identity(std::move(library), std::move(folder));
  if (auto loaded = identity.load(); !loaded) return fail("identity", loaded.error());
  return identity;
}

void Identity::refresh() {
  if (target_of(folder_ / "active") == generation_) return;
  const auto loaded = load();
  if (!loaded)
    log_event(LogLevel::kAlert, "identity-not-taken",
              {{"generation", generation_}, {"why", loaded.error().message}});
  else
    log_event(LogLevel::kNotice, "identity-taken", {{"generation", generation_}});
}

Result<void> Identity::load() {
  generation_ = target_of(folder_ / "active");
  auto active = read_active_identity(folder_);
  if (!active) return std::unexpected(active.error());
  auto context = tls::Context::make(library_, {.side = tls::Side::kServer,
                                               .certificate = active->chain,
                                               .key_uri = std::move(active->key_uri),
                                               .trusted_roots = {},
                                               .peer_names = {}});
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  return {};
}

}  // namespace privyseal::web
