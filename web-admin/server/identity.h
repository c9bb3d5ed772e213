/// Who the console is in TLS: the active generation of its identity folder, as renewd leaves it there.
///
/// renewd activates another one by a rename; `refresh` notices. What does not load leaves the old one in
/// place.
///
/// Threads: one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "firmware/base/result.h"
#include "firmware/tls/context.h"

namespace privyseal::web {

class Identity {
 public:
  /// kNotFound: no certificate was activated yet. Otherwise as tls::Context::make.
  [[nodiscard]] static Result<Identity> open(std::shared_ptr<const tls::Library> library,
                                             std::filesystem::path folder);

  [[nodiscard]] const std::shared_ptr<const tls::Context>& context() const { return context_; }
  /// Looks whether another generation is active, and takes it.
  void refresh();

 private:
  Identity(std::shared_ptr<const tls::Library> library, std::filesystem::path folder)
      : library_(std::move(library)), folder_(std::move(folder)) {}
  Result<void> load();

  std::shared_ptr<const tls::Library> library_;
  std::filesystem::path folder_;
  std::string generation_;  // what `active` pointed to when it was last looked at
  std::shared_ptr<const tls::Context> context_;
};

}  // namespace privyseal::web
