/// The files that the rules are made of, and where each one comes from: provisioning gave a folder of them,
/// and an administrator may have brought newer ones, which lie in a folder of our own and win over those.
///
/// A brought file arrives in parts behind one another in one spool file of that folder, is tried there with
/// the parsers of every start, and is renamed into place: after a crash the old one or the new one is there.
/// A spool that was left behind is never read as a rule; the next one begins anew.
///
/// Threads: one at a time (RuleBook's lock).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/clock.h"
#include "firmware/base/result.h"
#include "firmware/policy/rules.h"

namespace privyseal::gateway {

/// A directory of some 60,000 people. Read are 64 MiB: what provisioning gives is not limited by this.
inline constexpr std::uint64_t kMaxBroughtBytes = 16U << 20;

[[nodiscard]] std::string rule_file_names();  ///< for messages: "policy.toml, commitments.csv, ..."

class RuleFiles {
 public:
  /// `given` may be empty: the terms' own rules, unless files were brought. `brought` need not be there.
  RuleFiles(std::filesystem::path given, std::filesystem::path brought)
      : given_(std::move(given)), brought_(std::move(brought)) {}

  /// One file that is in use.
  struct File {
    std::string name;
    bool is_brought = false;
    bool hides_given = false;  ///< brought, and provisioning has one of this name, too
    WallTime since;            ///< when it was written
    std::uint64_t bytes = 0;
    std::string sha256;                 ///< of its content, in hexadecimal
    std::optional<std::size_t> rows{};  ///< of a register
    std::size_t left_out = 0;           ///< rows of the directory without a sound address
  };
  struct Loaded {
    policy::Rules rules;
    std::vector<File> files;
  };

  /// What would be other than it is.
  struct Change {
    enum class Kind { kNone, kTrySpool, kWithoutBrought, kWithoutAnyBrought } kind = Kind::kNone;
    std::string name{};    ///< of the one file
    std::string sha256{};  ///< of what the spool must hold, in lower-case hexadecimal
  };
  /// All of them together. kInvalid: the message names file, line and reason. kNotFound: provisioning's
  /// folder is not there. kConflict: the spool holds another content.
  [[nodiscard]] Result<Loaded> load(const Change& change) const;
  [[nodiscard]] Result<Loaded> load() const { return load({.kind = Change::Kind::kNone}); }

  /// Of each file in either folder: what changes with its content.
  using Marks = std::map<std::string, std::string>;
  [[nodiscard]] Marks marks() const;
  [[nodiscard]] bool is_brought(std::string_view name) const;
  [[nodiscard]] bool has_brought() const;

  /// Puts `content` behind the first `after` bytes of the spool, which must be all that it has; 0 begins
  /// anew. kConflict: another one is being brought. kInvalid: longer than kMaxBroughtBytes.
  [[nodiscard]] Result<void> add_to_spool(std::uint64_t after, ByteView content) const;
  void drop_spool() const;
  /// Durable when it returns.
  [[nodiscard]] Result<void> use_spool_as(const std::string& name) const;
  [[nodiscard]] Result<void> remove_brought(const std::string& name) const;

  [[nodiscard]] const std::filesystem::path& given() const { return given_; }
  [[nodiscard]] const std::filesystem::path& brought() const { return brought_; }

 private:
  struct Source;
  class Reader;
  [[nodiscard]] std::optional<Source> source_of(std::string_view name, const Change& change) const;
  [[nodiscard]] std::filesystem::path spool() const { return brought_ / "spool"; }

  std::filesystem::path given_;
  std::filesystem::path brought_;
};

}  // namespace privyseal::gateway
