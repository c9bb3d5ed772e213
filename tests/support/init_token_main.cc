// Makes a token in a process of its own, as provisioning does: the module that SoftHSM is
// must not be loaded into the test. Arguments: MODULE LABEL FOLDER OWNER_UID OWNER_GID.
#include <cstdio>
#include <string>

#include "provisioning/init_token.h"

int main(int argc, char** argv) {
  using namespace privyseal;
  if (argc != 6) return 2;
  const std::filesystem::path folder = argv[3];
  const auto made = provisioning::init_token({
      .module = argv[1],
      .label = argv[2],
      .pin_file = folder / "pin",
      .so_pin_file = folder / "so-pin",
      .softhsm =
          provisioning::SoftHsmFiles{.conf = folder / "softhsm2.conf", .token_folder = folder / "tokens"},
      .owner = static_cast<uid_t>(std::stoul(argv[4])),
      .group = static_cast<gid_t>(std::stoul(argv[5])),
  });
  if (made) return 0;
  std::fprintf(stderr, "init-token: %s\n", made.error().message.c_str());
  return 1;
}
