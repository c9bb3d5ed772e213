/// The files that the daemons, the network and the firewall read on a provisioned box, made from its site.
///
/// They are written anew at each boot into /run, so that a box never runs with settings that are not in
/// the signed file. OpenSSL's, which depend on nothing, lie in the image.
///
/// Pure. Threads: any.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "provisioning/box/site.h"

namespace privyseal::provisioning {

struct SettingsFile {
  std::string path;  ///< below the root folder, "run/privyseal/gatewayd.toml"
  std::string text;
  mode_t mode = 0644;
  std::string owner;  ///< a user; empty: root
};

/// In the order in which they are to be written.
[[nodiscard]] std::vector<SettingsFile> settings_files(const Site& site);

}  // namespace privyseal::provisioning
