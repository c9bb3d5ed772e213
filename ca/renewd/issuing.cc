#include "ca/renewd/issuing.h"

#include <sys/stat.h>

#include "ca/est.h"
#include "ca/fingerprint.h"
#include "firmware/base/file.h"

namespace privyseal::renewd {
namespace {

constexpr mode_t kReadableByAll = 0644;
constexpr mode_t kSearchableByAll = 0755;

}  // namespace

Issuing::Issuing(ca::Store& store, hsm::Client& keyd, const Clock& clock, IssuingSettings settings,
                 std::filesystem::path folder)
    : store_(store), keyd_(keyd), clock_(clock), settings_(std::move(settings)), folder_(std::move(folder)) {}

std::filesystem::path Issuing::root_file() const { return folder_ / "root.pem"; }

Result<authority::Authority*> Issuing::open() {
  if (authority_) return authority_.get();
  if (!signer_) {
    auto signer = authority::KeydSigner::open(keyd_, settings_.key);
    if (!signer) return fail("our own authority", signer.error());
    signer_ = std::move(*signer);
  }
  auto opened =
      authority::Authority::open(store_.database(), *signer_,
                                 {.common_name = settings_.common_name,
                                  .organisation = settings_.organisation,
                                  .profiles = {"smtp-listener", "mail-server", "web-admin", "admin-client"},
                                  .domains = settings_.domains,
                                  .with_approval = {}},
                                 clock_, [this](const authority::Deed& deed) { return record(deed); });
  if (!opened) return fail("our own authority", opened.error());
  if (::mkdir(folder_.c_str(), kSearchableByAll) != 0 && errno != EEXIST) return fail_errno(folder_.string());
  if (::chmod(folder_.c_str(), kSearchableByAll) != 0) return fail_errno(folder_.string());
  if (auto published = publish((*opened)->root()); !published) return std::unexpected(published.error());
  authority_ = std::move(*opened);
  return authority_.get();
}

Result<void> Issuing::publish(const ca::Certificate& root) const {
  if (auto written = replace_file(root_file(), bytes_of(to_pem(root)), kReadableByAll); !written)
    return written;
  return replace_file(folder_ / "fingerprint", bytes_of(ca::in_groups(root.fingerprint) + "\n"),
                      kReadableByAll);
}

Result<void> Issuing::record(const authority::Deed& deed) {
  const auto logged = store_.log().append({.actor = std::string(deed.actor),
                                           .role = "authority",
                                           .action = std::string(deed.action),
                                           .object = std::string(deed.object),
                                           .outcome = "ok",
                                           .why = std::string(deed.why)});
  if (!logged) return std::unexpected(logged.error());
  return {};
}

Result<ca::Certificate> Issuing::issue(std::string_view profile, std::string_view csr,
                                       std::string_view requester) {
  const auto der = ca::csr_der(csr);
  if (!der) return std::unexpected(der.error());
  const auto opened = open();
  if (!opened) return std::unexpected(opened.error());
  return (*opened)->issue(profile, *der, requester);
}

Result<ca::Certificate> Issuing::root() {
  const auto opened = open();
  if (!opened) return std::unexpected(opened.error());
  return (*opened)->root();
}

Result<std::string> Issuing::crl() {
  const auto opened = open();
  if (!opened) return std::unexpected(opened.error());
  return (*opened)->crl();
}

Result<std::vector<authority::IssuedRow>> Issuing::list(std::int64_t after, std::size_t limit) {
  const auto opened = open();
  if (!opened) return std::unexpected(opened.error());
  return (*opened)->list(after, limit);
}

}  // namespace privyseal::renewd
