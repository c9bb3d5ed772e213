#include "provisioning/arguments.h"

#include <algorithm>
#include <format>

#include "firmware/base/check.h"

namespace privyseal::provisioning {
namespace {

using Kind = Option::Kind;

std::unexpected<Error> wrong(std::string what) { return fail(ErrorCode::kInvalid, std::move(what)); }

bool is_option(std::string_view word) { return word.starts_with("--"); }

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
  const auto found = std::ranges::find(options, name, &Option::name);
  return found == options.end() ? nullptr : &*found;
}

/// The values of an option that stand in the words after its name.
std::span<const std::string_view> values_of(const Option& option, std::span<const std::string_view> words) {
  if (option.kind == Kind::kFlag) return {};
  const auto end = std::ranges::find_if(words, is_option);
  const auto available = static_cast<std::size_t>(end - words.begin());
  return words.first(option.kind == Kind::kRepeated ? available : std::min<std::size_t>(available, 1));
}

Result<void> check_values(const Option& option, const std::vector<std::string>& values) {
  const auto is_choice = [&](const std::string& value) {
    return option.choices.empty() || std::ranges::contains(option.choices, value);
  };
  if (option.kind == Kind::kFlag) return {};
  if (values.empty() || std::ranges::contains(values, ""))
    return wrong(std::format("--{} needs a value: {}", option.name, option.value));
  if (!std::ranges::all_of(values, is_choice))
    return wrong(std::format("--{} must be one of {}", option.name, option.value));
  return {};
}

}  // namespace

Result<void> Arguments::take(std::span<const std::string_view>& words, const std::vector<Option>& options) {
  std::string_view word = words.front();
  words = words.subspan(1);
  if (!is_option(word)) return wrong(std::format("unexpected word '{}'", word));
  word.remove_prefix(2);
  const std::string_view name = word.substr(0, word.find('='));
  const Option* option = find_option(options, name);
  if (option == nullptr) return wrong(std::format("unknown option --{}", name));
  auto& values = values_[option->name];
  if (!values.empty() && option->kind != Kind::kRepeated)
    return wrong(std::format("--{} was given twice", name));
  const bool has_equals_sign = name.size() < word.size();
  if (has_equals_sign && option->kind == Kind::kFlag) return wrong(std::format("--{} takes no value", name));
  if (has_equals_sign || option->kind == Kind::kFlag) {
    values.emplace_back(has_equals_sign ? word.substr(name.size() + 1) : "");
    return check_values(*option, values);
  }
  const auto taken = values_of(*option, words);
  values.insert(values.end(), taken.begin(), taken.end());
  words = words.subspan(taken.size());
  return check_values(*option, values);
}

Result<Arguments> Arguments::parse(std::span<const std::string_view> words,
                                   const std::vector<Option>& options) {
  Arguments arguments;
  for (const Option& option : options) arguments.values_[option.name];
  while (!words.empty())
    if (auto taken = arguments.take(words, options); !taken) return std::unexpected(taken.error());
  for (const Option& option : options) {
    const bool is_needed = option.kind == Kind::kRequired || option.kind == Kind::kRepeated;
    if (is_needed && !arguments.has(option.name)) return wrong(std::format("--{} is missing", option.name));
  }
  return arguments;
}

const std::string& Arguments::text(const std::string& name) const {
  static const std::string kNone;
  const auto& values = texts(name);
  return values.empty() ? kNone : values.front();
}

const std::vector<std::string>& Arguments::texts(const std::string& name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second;
}

bool Arguments::has(const std::string& name) const { return !texts(name).empty(); }

std::string help_of(const std::vector<Option>& options) {
  std::string help;
  for (const Option& option : options) {
    std::string left = "--" + option.name;
    if (!option.value.empty()) left += " " + option.value;
    if (option.kind == Kind::kRepeated) left += "...";
    const bool may_be_left_out = option.kind == Kind::kOptional || option.kind == Kind::kFlag;
    help += std::format("      {:<34} {}{}\n", left, option.help, may_be_left_out ? " (optional)" : "");
  }
  return help;
}

}  // namespace privyseal::provisioning
