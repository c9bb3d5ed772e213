/// How evidence is asked for at the other daemons' doors: as the visitor, whose name then stands in their
/// logs.
///
/// Threads: any. Ownership: settings must outlive it.
#pragma once

#include <functional>

#include "firmware/base/door.h"
#include "provisioning/evidence/appliance.h"
#include "web-admin/server/settings.h"

namespace privyseal::web {

/// Before each question; an error ends the asking.
using MayAsk = std::function<Result<void>()>;

/// Of gatewayd and renewd (a CHECK).
[[nodiscard]] evidence::Appliance::Ask asked_as(const Actor& who, const Settings& settings, MayAsk may_ask);

/// Until somebody asks for a stop.
[[nodiscard]] MayAsk until_stopped(const std::stop_token& stop);

}  // namespace privyseal::web
