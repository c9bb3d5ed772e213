/// Values of options, checked. All errors are kInvalid and name the option.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "firmware/base/clock.h"
#include "firmware/base/json.h"
#include "firmware/base/result.h"
#include "provisioning/arguments.h"

namespace privyseal::cli {

/// From 1 to `most`; none when the option was not given.
[[nodiscard]] Result<std::optional<std::int64_t>> number_option(const provisioning::Arguments& arguments,
                                                                const std::string& name, std::int64_t most);

/// A day or a UTC time; none when the option was not given.
[[nodiscard]] Result<std::optional<WallTime>> time_option(const provisioning::Arguments& arguments,
                                                          const std::string& name);

// The same, put into a request under `key`, if the option was given.
[[nodiscard]] Result<void> add_number(JsonObject& request, std::string_view key,
                                      const provisioning::Arguments& arguments, const std::string& name,
                                      std::int64_t most);
[[nodiscard]] Result<void> add_time(JsonObject& request, std::string_view key,
                                    const provisioning::Arguments& arguments, const std::string& name);

}  // namespace privyseal::cli
