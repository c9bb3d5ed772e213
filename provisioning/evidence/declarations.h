/// What the organisation declares of itself, because no machine can show it: a TOML file.
///
///     [training]
///     signed = "2026-01-05"
///     by = "A. Smith, practice manager"
///     review = "2027-01-05"
///     note = "records are with personnel"     # optional
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/result.h"

namespace privyseal::evidence {

struct Declaration {
  WallTime signed_on{};
  std::string by;
  WallTime review{};  ///< from this day on it is due again
  std::string note;
};

using Declarations = std::map<std::string, Declaration, std::less<>>;

/// Those of `names` that the text has. kInvalid: a declaration without a date, a name or a review day, or one
/// that is not among `names`.
[[nodiscard]] Result<Declarations> parse_declarations(std::string_view text, std::string_view file,
                                                      const std::vector<std::string>& names);

inline constexpr std::string_view kDeclarationsFile = "/etc/privyseal/declarations.toml";

/// The same of a file. None, where there is no such file.
[[nodiscard]] Result<Declarations> read_declarations(const std::filesystem::path& file,
                                                     const std::vector<std::string>& names);

}  // namespace privyseal::evidence
