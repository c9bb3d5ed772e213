#include "firmware/base/config.h"

#include <set>
#include <sstream>
#include <toml++/toml.hpp>

#include "firmware/base/file.h"

namespace privyseal {

struct Config::State {
  std::string name;
  toml::table table;
  std::set<std::string, std::less<>> asked;

  toml::node_view<toml::node> find(std::string_view key) {
    asked.emplace(key);
    return table.at_path(key);
  }
};

namespace {

void collect_leaves(const toml::table& table, const std::string& prefix, std::vector<std::string>& leaves);

/// A list of values is one leaf; in a list of tables, "key[0]", each table has its own.
void collect_leaves(const toml::node& node, const std::string& path, std::vector<std::string>& leaves) {
  if (const toml::table* table = node.as_table()) return collect_leaves(*table, path + ".", leaves);
  leaves.push_back(path);
  const toml::array* array = node.as_array();
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size(); ++i)
    if ((*array)[i].is_table()) collect_leaves((*array)[i], path + "[" + std::to_string(i) + "]", leaves);
}

void collect_leaves(const toml::table& table, const std::string& prefix, std::vector<std::string>& leaves) {
  for (const auto& [key, node] : table) collect_leaves(node, prefix + std::string(key.str()), leaves);
}

}  // namespace

Config::Config(std::unique_ptr<State> state) : state_(std::move(state)) {}
Config::Config(Config&&) noexcept = default;
Config& Config::operator=(Config&&) noexcept = default;
Config::~Config() = default;

Result<Config> Config::load(const std::filesystem::path& file) {
  constexpr std::size_t kMaxConfigBytes = 1 << 20;
  const auto text = read_file(file, kMaxConfigBytes);
  if (!text) return std::unexpected(text.error());
  return parse(text_of(*text), file.string());
}

Result<Config> Config::parse(std::string_view text, std::string_view name) {
  auto state = std::make_unique<State>();
  state->name = name;
  try {
    state->table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {  // the library reports syntax errors by throwing
    std::ostringstream where;
    where << name << ": line " << error.source().begin.line << ": " << error.description();
    return fail(ErrorCode::kInvalid, where.str());
  }
  return Config(std::move(state));
}

bool Config::has(std::string_view key) { return static_cast<bool>(state_->find(key)); }

Result<std::string> Config::text(std::string_view key) {
  const auto node = state_->find(key);
  if (!node) return std::unexpected(refusal(key, "is missing"));
  if (auto value = node.value_exact<std::string>()) return *value;
  return std::unexpected(refusal(key, "must be a string"));
}

Result<std::string> Config::text(std::string_view key, std::string_view fallback) {
  if (!state_->find(key)) return std::string(fallback);
  return text(key);
}

Result<std::int64_t> Config::number(std::string_view key, std::int64_t fallback, std::int64_t least,
                                    std::int64_t most) {
  const auto node = state_->find(key);
  if (!node) return fallback;
  const auto value = node.value_exact<std::int64_t>();
  if (value && *value >= least && *value <= most) return *value;
  return std::unexpected(
      refusal(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most)));
}

Result<bool> Config::flag(std::string_view key, bool fallback) {
  const auto node = state_->find(key);
  if (!node) return fallback;
  if (const auto value = node.value_exact<bool>()) return *value;
  return std::unexpected(refusal(key, "must be true or false"));
}

Result<std::vector<std::string>> Config::texts(std::string_view key) {
  std::vector<std::string> values;
  const auto node = state_->find(key);
  if (!node) return values;
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::unexpected(refusal(key, "must be a list of strings"));
  for (const toml::node& item : *array) {
    const auto value = item.value_exact<std::string>();
    if (!value) return std::unexpected(refusal(key, "must be a list of strings"));
    values.push_back(*value);
  }
  return values;
}

Error Config::refusal(std::string_view key, std::string_view why) const {
  return {ErrorCode::kInvalid, state_->name + ": " + std::string(key) + " " + std::string(why)};
}

Result<void> Config::unknown_keys() const {
  std::vector<std::string> leaves;
  collect_leaves(state_->table, "", leaves);
  for (const std::string& leaf : leaves)
    if (!state_->asked.contains(leaf)) return std::unexpected(refusal(leaf, "is no known setting"));
  return {};
}

}  // namespace privyseal
