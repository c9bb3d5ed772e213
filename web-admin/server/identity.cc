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
  std::string target = target_of(folder_ / "active");
  if (target == generation_) {
    refused_.reset();  // a newer one that did not load was taken back
    return;
  }
  if (const auto loaded = load(); loaded) {
    refused_.reset();
    log_event(LogLevel::kNotice, "identity-taken", {{"generation", generation_}});
  } else if (refused_ != target) {
    log_event(LogLevel::kAlert, "identity-not-taken",
              {{"generation", target}, {"why", loaded.error().message}});
    refused_ = std::move(target);
  }
}

/// Context and generation change together or not at all.
Result<void> Identity::load() {
  auto active = read_active_identity(folder_);
  if (!active) return std::unexpected(active.error());
  auto context = tls::Context::make(library_, {.side = tls::Side::kServer,
                                               .certificate = active->chain,
                                               .key_uri = std::move(active->key_uri),
                                               .trusted_roots = {},
                                               .peer_names = {}});
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  generation_ = active->generation.filename().string();
  return {};
}

}  // namespace privyseal::web
