/// Sees when another certificate becomes active (inotify(7)), and has it loaded.
///
/// Why a thread of its own and no loop: loading asks keyd for the key, which may take its time, and the
/// loops carry mail.
///
/// Threads: create and destroy from main; `changed` is called on the watch's own thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::gateway {

class IdentityWatch {
 public:
  /// Called with the place of the folder in the list. False: try again in a while, nothing was loaded.
  using Changed = std::function<bool(std::size_t folder)>;

  /// Watches the entry `active` of each folder, and calls once for each to begin with: what became active
  /// before the watch began would not be seen. kNotFound: no such folder.
  [[nodiscard]] static Result<std::unique_ptr<IdentityWatch>> start(
      const std::vector<std::filesystem::path>& folders, Changed changed);
  ~IdentityWatch();
  IdentityWatch(const IdentityWatch&) = delete;  // its thread knows its address
  IdentityWatch& operator=(const IdentityWatch&) = delete;

 private:
  IdentityWatch(UniqueFd events, UniqueFd stop, std::vector<int> watches, Changed changed);
  void run();
  void read_events();
  void call(std::size_t folder);

  const UniqueFd events_;
  const UniqueFd stop_;
  const std::vector<int> watches_;  // by folder
  const Changed changed_;
  std::set<std::size_t> unsettled_;  // the thread's alone: folders to try again
  std::thread thread_;
};

}  // namespace privyseal::gateway
