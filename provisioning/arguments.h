/// Command lines of the form `--name value`, read by the table of options a command declares.
///
/// Pure. Threads: any.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::provisioning {

struct Option {
  enum class Kind { kRequired, kOptional, kRepeated, kFlag };  ///< kRepeated: one or more values

  std::string name;   ///< without the two hyphens
  std::string value;  ///< what stands for the value in the usage: "PATH"; empty for a flag
  std::string help;
  Kind kind = Kind::kRequired;
  std::vector<std::string> choices{};  ///< the only values it may have; none: any
};

/// The values that were given. Asking for an option that was not declared is a broken invariant.
class Arguments {
 public:
  /// kInvalid: an unknown option, one that was given twice, one without its value or with a
  /// value that is none of its choices, a required one missing, a word that belongs to no option. `--name
  /// value` and `--name=value` mean the same; a kRepeated option takes all the words up to the next option.
  [[nodiscard]] static Result<Arguments> parse(std::span<const std::string_view> words,
                                               const std::vector<Option>& options);

  [[nodiscard]] const std::string& text(const std::string& name) const;  ///< empty: was not given
  [[nodiscard]] const std::vector<std::string>& texts(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const;

 private:
  /// Takes the first word, and those that belong to it, from the front of `words`.
  Result<void> take(std::span<const std::string_view>& words, const std::vector<Option>& options);

  std::map<std::string, std::vector<std::string>> values_;  // every declared option has an entry
};

/// One line for each option, aligned.
[[nodiscard]] std::string help_of(const std::vector<Option>& options);

}  // namespace privyseal::provisioning
