/// The daemons' TOML on a provisioned box. Each is read by its daemon's own settings.h.
///
/// Pure. Threads: any.
#pragma once

#include <string>

#include "provisioning/box/site.h"

namespace privyseal::provisioning {

[[nodiscard]] std::string keyd_settings(const Site& site);
[[nodiscard]] std::string gatewayd_settings(const Site& site);
/// The policy.toml of the folder that gatewayd's settings name: what the terms v10.2 ask, with hourly caps.
/// What needs a register is off, because a provisioned box has none yet.
[[nodiscard]] std::string mail_policy(const Site& site);
/// With an EST server it enrols for the CJSM side by itself; without one, the request is fetched and the
/// certificate brought by hand. It has a network of its own, in which the loopback ports of
/// image/units/privyseal-out-*.socket are all there is.
[[nodiscard]] std::string renewd_settings(const Site& site);
[[nodiscard]] std::string admind_settings(const Site& site);

}  // namespace privyseal::provisioning
