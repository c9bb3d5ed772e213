/// Reading a door's answer for people: what is missing or of another type is simply not shown, because
/// a command line that is older or newer than a daemon shall still show the rest.
///
/// Pure. Threads: any. What is returned as a pointer or reference points into its argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/json.h"

namespace privyseal::evidence {

/// The member as text: a string as it is, a number in digits, true as "yes", false as "no", a list of those
/// with commas between; empty when there is none.
[[nodiscard]] std::string shown(const JsonObject& object, std::string_view key);

/// The member as a time in London; empty when there is none.
[[nodiscard]] std::string shown_time(const JsonObject& object, std::string_view key);

[[nodiscard]] std::optional<std::int64_t> number_at(const JsonObject& object, std::string_view key);

/// 0 when there is none: for counts.
[[nodiscard]] std::uint64_t count_at(const JsonObject& object, std::string_view key);

/// An empty object when there is none.
[[nodiscard]] const JsonObject& object_at(const JsonObject& object, std::string_view key);

/// The objects in a list; empty when there is none.
[[nodiscard]] std::vector<const JsonObject*> objects_at(const JsonObject& object, std::string_view key);

/// The texts in a list; empty when there is none.
[[nodiscard]] std::vector<std::string> texts_at(const JsonObject& object, std::string_view key);

}  // namespace privyseal::evidence
