/// Who the console is in TLS: the active generation of its identity folder, as renewd leaves it there.
///
/// renewd activates another one by a rename; `refresh` notices. What does not load leaves the old one in
/// place, and is tried again at each look: keyd may only have been away.
///
/// Threads: one.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
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
  std::string generation_;  // where `active` pointed when context_ was made
  std::shared_ptr<const tls::Context> context_;
  std::optional<std::string> refused_;  // where it points, if that does not load: logged once
};

}  // namespace privyseal::web
