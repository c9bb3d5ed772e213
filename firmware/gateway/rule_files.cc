#include "firmware/gateway/rule_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "firmware/base/file.h"
#include "firmware/base/sha256.h"
#include "firmware/base/unique_fd.h"
#include "firmware/policy/rule_file.h"

namespace privyseal::gateway {
namespace {

constexpr std::size_t kMaxFileBytes = 64UL << 20;  // a directory of some 200,000 rows
constexpr std::string_view kOptions = "policy.toml";

bool is_there(const std::filesystem::path& file) {
  struct stat facts{};
  return ::stat(file.c_str(), &facts) == 0 ||
         errno != ENOENT;  // what cannot be looked at must not be overlooked
}

WallTime written_at(const std::filesystem::path& file) {
  struct stat facts{};
  if (::stat(file.c_str(), &facts) != 0) return {};
  return WallTime(std::chrono::milliseconds(facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000));
}

Result<void> make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder.parent_path());
  if (errno != EEXIST) return fail_errno(folder.string());
  return {};
}

template <class Register>
void note_size(const Register& read, RuleFiles::File& file) {
  file.rows = read.size();
  if constexpr (requires { read.left_out(); }) file.left_out = read.left_out();
}

}  // namespace

std::string rule_file_names() {
  std::string names;
  for (const auto& file : policy::kRuleFiles) names += (names.empty() ? "" : ", ") + std::string(file.name);
  return names;
}

struct RuleFiles::Source {
  std::filesystem::path file;
  bool is_brought;
};

/// Where a file is read from; nothing: there is none of this name.
std::optional<RuleFiles::Source> RuleFiles::source_of(std::string_view name, const Change& change) const {
  const bool is_meant = name == change.name;
  const bool is_left_out = change.kind == Change::Kind::kWithoutAnyBrought ||
                           (is_meant && change.kind == Change::Kind::kWithoutBrought);
  if (is_meant && change.kind == Change::Kind::kTrySpool) return Source{spool(), true};
  if (!is_left_out && is_brought(name)) return Source{brought_ / name, true};
  if (given_.empty() || !is_there(given_ / name)) return std::nullopt;
  return Source{given_ / name, false};
}

/// Reads one file after the other, and notes what it read.
class RuleFiles::Reader {
 public:
  Reader(const RuleFiles& files, const Change& change) : files_(files), change_(change) {}

  /// Empty: there is no such file.
  Result<std::string> text(std::string_view name) {
    const auto source = files_.source_of(name, change_);
    if (!source) return std::string();
    const auto bytes = read_file(source->file, kMaxFileBytes);
    const std::string hash = bytes ? to_hex(sha256(*bytes)) : "";
    if (source->file == files_.spool() && hash != change_.sha256)
      return fail(ErrorCode::kConflict, "what arrived is not what was sent; begin again");
    if (!bytes) return fail(name, bytes.error());
    read_.push_back(
        {.name = std::string(name),
         .is_brought = source->is_brought,
         .hides_given = source->is_brought && !files_.given_.empty() && is_there(files_.given_ / name),
         .since = written_at(source->file),
         .bytes = bytes->size(),
         .sha256 = hash});
    return std::string(text_of(*bytes));
  }

  /// A register that is not there is an empty one.
  template <class Register>
  Result<void> read_register(std::string_view name, Register& read) {
    const std::size_t before = read_.size();
    const auto content = text(name);
    if (!content) return std::unexpected(content.error());
    if (read_.size() == before) return {};
    auto parsed = Register::parse(*content);
    if (!parsed) return std::unexpected(parsed.error());
    read = std::move(*parsed);
    note_size(read, read_.back());
    return {};
  }

  std::vector<File> take() { return std::move(read_); }

 private:
  const RuleFiles& files_;
  const Change& change_;
  std::vector<File> read_;
};

Result<RuleFiles::Loaded> RuleFiles::load(const Change& change) const {
  policy::Rules rules = policy::default_rules();
  const bool is_any_brought = change.kind == Change::Kind::kTrySpool ||
                              (has_brought() && change.kind != Change::Kind::kWithoutAnyBrought);
  if (given_.empty() && !is_any_brought) return Loaded{.rules = std::move(rules), .files = {}};
  std::error_code none;
  if (!given_.empty() && !std::filesystem::is_directory(given_, none))
    return fail(ErrorCode::kNotFound, given_.string() + ": no such folder");
  Reader reader(*this, change);
  auto options =
      reader.text(kOptions).and_then([](const auto& text) { return policy::parse_options(text, kOptions); });
  if (!options) return std::unexpected(options.error());
  auto profile = policy::known_profile(options->terms);
  if (!profile) return std::unexpected(profile.error());
  rules.options = std::move(*options);
  rules.profile = std::move(*profile);
  auto read = reader.read_register("commitments.csv", rules.commitments);
  if (read) read = reader.read_register("permissions.csv", rules.permissions);
  if (read) read = reader.read_register("assured.csv", rules.assured);
  if (read) read = reader.read_register("maintenance.csv", rules.maintenance);
  if (read) read = reader.read_register("directory.csv", rules.directory);
  if (!read) return std::unexpected(read.error());
  return Loaded{.rules = std::move(rules), .files = reader.take()};
}

RuleFiles::Marks RuleFiles::marks() const {
  Marks marks;
  for (const auto* folder : {&given_, &brought_})
    for (const auto& [name, means] : policy::kRuleFiles) {
      struct stat facts{};
      const auto file = *folder / name;
      if (folder->empty() || ::stat(file.c_str(), &facts) != 0) continue;
      marks[file.string()] = std::to_string(facts.st_ino) + ' ' + std::to_string(facts.st_size) + ' ' +
                             std::to_string(facts.st_mtim.tv_sec) + '.' +
                             std::to_string(facts.st_mtim.tv_nsec);
    }
  return marks;
}

bool RuleFiles::is_brought(std::string_view name) const {
  return !brought_.empty() && is_there(brought_ / name);
}

bool RuleFiles::has_brought() const {
  return std::ranges::any_of(policy::kRuleFiles, [this](const auto& file) { return is_brought(file.name); });
}

Result<void> RuleFiles::add_to_spool(std::uint64_t after, ByteView content) const {
  if (after > kMaxBroughtBytes || content.size() > kMaxBroughtBytes - after)
    return fail(ErrorCode::kInvalid, "longer than " + std::to_string(kMaxBroughtBytes) + " bytes");
  if (auto made = make_folder(brought_); !made) return made;
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (after == 0 ? O_TRUNC : 0);
  const UniqueFd fd(::open(spool().c_str(), flags, 0600));
  struct stat facts{};
  if (!fd || ::fstat(fd.get(), &facts) != 0) return fail_errno(spool().string());
  if (static_cast<std::uint64_t>(facts.st_size) != after)
    return fail(ErrorCode::kConflict, "another file is being brought at the same time; begin again");
  return write_all(fd.get(), content, spool());
}

void RuleFiles::drop_spool() const { ::unlink(spool().c_str()); }

Result<void> RuleFiles::use_spool_as(const std::string& name) const {
  return move_into_place(spool(), brought_ / name);
}

Result<void> RuleFiles::remove_brought(const std::string& name) const {
  if (::unlink((brought_ / name).c_str()) != 0) return fail_errno((brought_ / name).string());
  return sync_folder(brought_);
}

}  // namespace privyseal::gateway
