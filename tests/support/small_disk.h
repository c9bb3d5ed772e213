/// A file system that a test can fill: tmpfs, so the test must run as root (in a user namespace is enough).
///
/// Threads: one. The mount is gone at the end.
#pragma once

#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "firmware/base/check.h"
#include "tests/support/temp_folder.h"

namespace privyseal::test {

class SmallDisk {
 public:
  explicit SmallDisk(uid_t owner, int size_megabytes = 1) {
    const std::string options = "size=" + std::to_string(size_megabytes) + "m,mode=0755";
    CHECK(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0);
    CHECK(::chown(folder_.path().c_str(), owner, owner) == 0);
  }
  ~SmallDisk() { ::umount2(folder_.path().c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;  // one mount, one owner
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  void fill() {
    std::ofstream filler(folder() / "filler", std::ios::binary);
    const std::string block(512, 'f');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void empty() { std::filesystem::remove(folder() / "filler"); }

 private:
  TempFolder folder_;
};

}  // namespace privyseal::test
