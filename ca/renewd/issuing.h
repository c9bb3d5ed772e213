/// The appliance's own authority as renewd runs it: its key in the token, its list in renewd's database.
///
/// It is opened when it is first needed and its key is there: on day one renewd is up before the key is.
/// Its root goes to STATE/authority/root.pem, for all who are to trust it, and how people tell it from
/// another to STATE/authority/fingerprint: one line, SHA-256 in groups. The console and the box's screen show
/// that line.
///
/// Threads: one. Ownership: store, client and clock must outlive it. Errors of all calls: kUnavailable or
/// kNotFound while the key is not there; else those of Authority.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ca/authority/authority.h"
#include "ca/authority/keyd_signer.h"
#include "ca/renewd/settings.h"
#include "ca/store.h"
#include "hsm/client.h"

namespace privyseal::renewd {

class Issuing {
 public:
  Issuing(ca::Store& store, hsm::Client& keyd, const Clock& clock, IssuingSettings settings,
          std::filesystem::path folder);

  /// `csr`: PEM.
  [[nodiscard]] Result<ca::Certificate> issue(std::string_view profile, std::string_view csr,
                                              std::string_view requester);
  [[nodiscard]] Result<ca::Certificate> root();
  [[nodiscard]] Result<std::string> crl();
  [[nodiscard]] Result<std::vector<authority::IssuedRow>> list(std::int64_t after, std::size_t limit);
  /// Holds the root once any call succeeded.
  [[nodiscard]] std::filesystem::path root_file() const;

 private:
  Result<authority::Authority*> open();
  Result<void> publish(const ca::Certificate& root) const;
  Result<void> record(const authority::Deed& deed);

  ca::Store& store_;
  hsm::Client& keyd_;
  const Clock& clock_;
  const IssuingSettings settings_;
  const std::filesystem::path folder_;
  std::unique_ptr<authority::KeydSigner> signer_;
  std::unique_ptr<authority::Authority> authority_;
};

}  // namespace privyseal::renewd
