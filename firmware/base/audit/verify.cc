#include "firmware/base/audit/verify.h"

#include <algorithm>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/audit/merkle.h"

namespace privyseal::audit {
namespace {

/// A root that was kept when the log had `size` entries, from any of the three places where roots are kept.
struct KeptRoot {
  std::uint64_t size;
  Digest root;
  std::string_view where;
};

/// Walks through the entries once, with the kept roots at hand.
class Inspection {
 public:
  Inspection(Database& database, std::string_view origin, ByteView public_key)
      : database_(database), origin_(origin), public_key_(public_key) {}

  Result<Verdict> run() {
    for (const auto step : {&Inspection::read_checkpoints, &Inspection::read_roots, &Inspection::walk}) {
      if (auto done = (this->*step)(); !done) return std::unexpected(done.error());
    }
    verdict_.ok = verdict_.why.empty();
    return verdict_;
  }

 private:
  /// Notes what is wrong; of two things the one with the lower seq stands.
  void note(std::uint64_t seq, std::string why) {
    if (!verdict_.why.empty() && verdict_.first_bad <= seq) return;
    verdict_.first_bad = seq;
    verdict_.why = std::move(why);
  }

  Result<void> read_checkpoints() {
    auto select = database_.prepare("SELECT size, note FROM audit_checkpoint ORDER BY size");
    if (!select) return std::unexpected(select.error());
    for (;;) {
      const auto row = select->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      const auto size = static_cast<std::uint64_t>(select->number(0));
      if (auto sound = keep_checkpoint(size, select->text(1)); !sound)
        bad_checkpoints_.push_back(
            {size, "the checkpoint at " + std::to_string(size) + ": " + sound.error().message});
    }
  }

  Result<void> keep_checkpoint(std::uint64_t size, const std::string& text) {
    const auto parsed = parse_note(text);
    if (!parsed) return std::unexpected(parsed.error());
    if (parsed->checkpoint.origin != origin_) return fail(ErrorCode::kInvalid, "it is another log's");
    if (parsed->checkpoint.size != size) return fail(ErrorCode::kInvalid, "it is for another size");
    if (!public_key_.empty())
      if (auto sound = check_signature(*parsed, public_key_); !sound) return sound;
    roots_.push_back({size, parsed->checkpoint.root, "checkpoint"});
    verdict_.checkpoint_size = std::max(verdict_.checkpoint_size, size);
    return {};
  }

  Result<void> read_roots() {
    auto select = database_.prepare("SELECT size, root FROM audit_root ORDER BY size");
    if (!select) return std::unexpected(select.error());
    std::uint64_t expected = kEntriesPerRoot;
    for (auto row = select->step();; row = select->step(), expected += kEntriesPerRoot) {
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      keep_root(static_cast<std::uint64_t>(select->number(0)), select->blob(1), expected);
    }
    roots_known_ = expected - kEntriesPerRoot;
    auto state = database_.prepare("SELECT size, range FROM audit_state WHERE one = 1");
    if (!state) return std::unexpected(state.error());
    const auto row = state->step();
    if (!row) return std::unexpected(row.error());
    if (*row) {
      state_size_ = static_cast<std::uint64_t>(state->number(0));
      const auto range = CompactRange::parse(state_size_, state->blob(1));
      if (range) roots_.push_back({state_size_, range->root(), "state"});
      if (!range) late_ = "the state cannot be read";
    } else {
      late_ = "the state is missing";
    }
    std::ranges::stable_sort(roots_, {}, &KeptRoot::size);
    return {};
  }

  void keep_root(std::uint64_t size, const Bytes& bytes, std::uint64_t expected) {
    if (size != expected || bytes.size() != sizeof(Digest)) {
      note(expected - kEntriesPerRoot,
           "the root kept at " + std::to_string(expected) + " is missing or none");
      return;
    }
    KeptRoot kept{.size = size, .root = {}, .where = "root"};
    std::ranges::copy(bytes, kept.root.begin());
    roots_.push_back(kept);
  }

  Result<void> walk() {
    auto select = database_.prepare("SELECT seq, entry, leaf FROM audit_entry ORDER BY seq");
    if (!select) return std::unexpected(select.error());
    compare_roots();
    for (;;) {
      const auto row = select->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      if (!verdict_.why.empty() && verdict_.first_bad <= range_.size()) return count();
      look_at(*select);
    }
    verdict_.size = range_.size();
    look_at_end();
    return {};
  }

  void look_at(const Statement& row) {
    const std::uint64_t seq = range_.size();
    const std::string entry = row.text(1);
    const Digest leaf = leaf_hash(bytes_of(entry));
    if (static_cast<std::uint64_t>(row.number(0)) != seq)
      note(seq, "entry " + std::to_string(seq) + " is missing");
    else if (!entry.starts_with(R"({"v":1,"seq":)" + std::to_string(seq) + ","))
      note(seq, "entry " + std::to_string(seq) + " does not say that it is the one");
    else if (!std::ranges::equal(row.blob(2), leaf))
      note(seq, "entry " + std::to_string(seq) + " is not what its leaf was made of");
    range_.append(leaf);
    compare_roots();
  }

  /// Every root that was kept at this size must be the root now.
  void compare_roots() {
    for (; next_root_ < roots_.size() && roots_[next_root_].size == range_.size(); ++next_root_) {
      const KeptRoot& kept = roots_[next_root_];
      if (kept.root == range_.root()) continue;
      note(sound_until_, "entries " + std::to_string(sound_until_) + " to " + std::to_string(range_.size()) +
                             " (not counting the last): they do not give the " + std::string(kept.where) +
                             " kept at " + std::to_string(kept.size));
    }
    if (next_root_ > 0 && roots_[next_root_ - 1].size == range_.size() && verdict_.why.empty())
      sound_until_ = range_.size();
  }

  void look_at_end() {
    const std::uint64_t size = range_.size();
    if (next_root_ < roots_.size())
      note(size, "entry " + std::to_string(size) + " is missing: there were " +
                     std::to_string(roots_.back().size) + " entries");
    if (state_size_ < size)
      note(state_size_, "entry " + std::to_string(state_size_) + " was never written by us");
    if (size / kEntriesPerRoot * kEntriesPerRoot > roots_known_) note(roots_known_, "a kept root is missing");
    for (const auto& [at, why] : bad_checkpoints_) note(std::min(at, size), why);
    if (!late_.empty()) note(size, late_);
  }

  /// The entries behind a bad one are only counted.
  Result<void> count() {
    for (const auto& [at, why] : bad_checkpoints_) note(at, why);
    auto select = database_.prepare("SELECT count(*) FROM audit_entry");
    if (!select) return std::unexpected(select.error());
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    verdict_.size = static_cast<std::uint64_t>(select->number(0));
    return {};
  }

  struct BadCheckpoint {
    std::uint64_t size;
    std::string why;
  };

  Database& database_;
  const std::string_view origin_;
  const ByteView public_key_;
  Verdict verdict_;
  std::vector<KeptRoot> roots_;  // by size
  std::size_t next_root_ = 0;
  std::vector<BadCheckpoint> bad_checkpoints_;
  std::uint64_t roots_known_ = 0;  // audit_root covers so many entries
  std::uint64_t state_size_ = 0;
  std::uint64_t sound_until_ = 0;  // the last size at which a kept root agreed
  std::string late_;               // what is wrong with the state
  CompactRange range_;
};

}  // namespace

Result<Verdict> verify(Database& database, std::string_view origin, ByteView public_key) {
  // One read transaction: what is appended meanwhile is not seen.
  if (auto begun = database.execute("BEGIN"); !begun) return std::unexpected(begun.error());
  auto verdict = Inspection(database, origin, public_key).run();
  static_cast<void>(database.execute("ROLLBACK"));
  return verdict;
}

}  // namespace privyseal::audit
