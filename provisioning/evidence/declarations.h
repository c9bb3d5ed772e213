/// What the organisation declares of itself, because no machine can show it: made in the console, or a TOML
/// file.
///
///     [training]
///     signed = "2026-01-05"
///     by = "A. Smith, practice manager"
///     review = "2027-01-05"
///     note = "records are with personnel"     # optional
///
/// Pure, but for reading the file. Threads: any.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/clock.h"
#include "firmware/base/day.h"
#include "firmware/base/result.h"

namespace privyseal::evidence {

struct Declaration {
  WallTime signed_on{};
  std::string by;
  WallTime review{};  ///< from this day on it is due again
  std::string note;
};

using Declarations = std::map<std::string, Declaration, std::less<>>;

// What a declaration may hold, wherever it was written. CJSM has its terms accepted anew each year.
inline constexpr std::size_t kMaxDeclarerBytes = 120;
inline constexpr std::size_t kMaxDeclaredBytes = 2000;
inline constexpr std::chrono::days kLongestUntilReview{366};  ///< the same day of the next year, always

/// As somebody wrote it.
struct WrittenDeclaration {
  std::string_view signed_on;
  std::string_view by;
  std::string_view review;
  std::string_view note;  ///< may be empty
};

/// Total. Blanks and line breaks in a row become one blank. kInvalid: a day that is none, a review day that
/// does not come after the other or comes too late, no name, text that is too long or that nobody can see.
[[nodiscard]] Result<Declaration> parse_declaration(const WrittenDeclaration& written);

struct DeclarationVerdict {
  bool is_due = true;  ///< somebody has to declare it, or to declare it anew
  std::string sentence;
};
/// Null: nobody has declared it. Total.
[[nodiscard]] DeclarationVerdict judge_declaration(const Declaration* declaration, WallTime now);

/// "2026-03-01"
[[nodiscard]] std::string day_text(WallTime day);

/// Those of `names` that the text has. kInvalid: a declaration without a date, a name or a review day, or one
/// that is not among `names`.
[[nodiscard]] Result<Declarations> parse_declarations(std::string_view text, std::string_view file,
                                                      const std::vector<std::string>& names);

inline constexpr std::string_view kDeclarationsFile = "/etc/privyseal/declarations.toml";

/// The same of a file. None, where there is no such file.
[[nodiscard]] Result<Declarations> read_declarations(const std::filesystem::path& file,
                                                     const std::vector<std::string>& names);

}  // namespace privyseal::evidence
