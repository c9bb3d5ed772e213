#include "firmware/base/audit/log.h"

#include "firmware/base/audit/merkle.h"

namespace privyseal::audit {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS audit_entry (
  seq   INTEGER PRIMARY KEY,     -- from 0, without gaps
  entry TEXT NOT NULL,           -- one canonical JSON line
  leaf  BLOB NOT NULL            -- SHA-256(0x00 || entry)
) STRICT;
CREATE TABLE IF NOT EXISTS audit_state (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  size  INTEGER NOT NULL,
  range BLOB NOT NULL            -- the roots of the full subtrees, largest first
) STRICT;
CREATE TABLE IF NOT EXISTS audit_root (
  size  INTEGER PRIMARY KEY,     -- each 1,000 entries
  root  BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS audit_checkpoint (
  size  INTEGER PRIMARY KEY,
  note  TEXT NOT NULL
) STRICT;
INSERT OR IGNORE INTO audit_state (one, size, range) VALUES (1, 0, x'');
)";

constexpr std::string_view kReadState = "SELECT size, range FROM audit_state WHERE one = 1";
constexpr std::string_view kAddEntry = "INSERT INTO audit_entry (seq, entry, leaf) VALUES (?1, ?2, ?3)";
constexpr std::string_view kWriteState = "UPDATE audit_state SET size = ?1, range = ?2 WHERE one = 1";

Result<CompactRange> state_of(Statement& read) {
  const auto row = read.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return fail(ErrorCode::kInvalid, "audit state: it is missing");
  const auto size = static_cast<std::uint64_t>(read.number(0));
  const Bytes bytes = read.blob(1);
  read.reset();  // or it would keep a read transaction open
  return CompactRange::parse(size, bytes);
}

Result<CompactRange> state_of(Database& database) {
  auto read = database.prepare(kReadState);
  if (!read) return std::unexpected(read.error());
  return state_of(*read);
}

Result<void> write_root(Database& database, const CompactRange& range) {
  auto insert = database.prepare("INSERT INTO audit_root (size, root) VALUES (?1, ?2)");
  if (!insert) return std::unexpected(insert.error());
  return insert->bind(1, static_cast<std::int64_t>(range.size())).bind(2, ByteView(range.root())).run();
}

}  // namespace

Result<Log> Log::open(Database& database, std::string origin, const Clock& clock) {
  if (!is_origin(origin)) return fail(ErrorCode::kInvalid, "audit log: no usable origin: " + origin);
  if (auto made = database.execute(kSchema); !made) return fail("audit log", made.error());
  Log log(database, std::move(origin), clock, boot_id());
  for (const std::string_view sql : {kReadState, kAddEntry, kWriteState}) {
    auto statement = database.prepare(sql);
    if (!statement) return fail("audit log", statement.error());
    log.append_.push_back(std::move(*statement));
  }
  return log;
}

Result<Log> Log::open_to_read(Database& database, std::string origin, const Clock& clock) {
  if (!is_origin(origin)) return fail(ErrorCode::kInvalid, "audit log: no usable origin: " + origin);
  return Log(database, std::move(origin), clock, {});
}

Result<std::uint64_t> Log::append(const Entry& entry) {
  if (append_.empty()) return fail(ErrorCode::kDenied, "audit log: opened to read");
  auto range = state_of(append_[0]);
  if (!range) return std::unexpected(range.error());
  const std::uint64_t seq = range->size();
  const std::string line = to_line(entry, seq, clock_->now(), boot_);
  const Digest leaf = leaf_hash(bytes_of(line));
  append_[1].bind(1, static_cast<std::int64_t>(seq)).bind(2, line).bind(3, ByteView(leaf));
  if (auto added = append_[1].run(); !added) return std::unexpected(added.error());
  range->append(leaf);
  append_[2].bind(1, static_cast<std::int64_t>(range->size())).bind(2, ByteView(range->bytes()));
  if (auto written = append_[2].run(); !written) return std::unexpected(written.error());
  if (range->size() % kEntriesPerRoot == 0)
    if (auto kept = write_root(*database_, *range); !kept) return std::unexpected(kept.error());
  return seq;
}

Result<std::uint64_t> Log::size() {
  return state_of(*database_).transform([](const CompactRange& range) { return range.size(); });
}

Result<Digest> Log::root() {
  return state_of(*database_).transform([](const CompactRange& range) { return range.root(); });
}

Result<std::vector<std::string>> Log::entries(std::uint64_t after, std::uint64_t limit) {
  auto select = database_->prepare("SELECT entry FROM audit_entry WHERE seq >= ?1 ORDER BY seq LIMIT ?2");
  if (!select) return std::unexpected(select.error());
  select->bind(1, static_cast<std::int64_t>(after)).bind(2, static_cast<std::int64_t>(limit));
  std::vector<std::string> lines;
  for (;;) {
    const auto row = select->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return lines;
    lines.push_back(select->text(0));
  }
}

Result<std::string> Log::last_checkpoint() {
  auto select = database_->prepare("SELECT note FROM audit_checkpoint ORDER BY size DESC LIMIT 1");
  if (!select) return std::unexpected(select.error());
  const auto row = select->step();
  if (!row) return std::unexpected(row.error());
  return *row ? select->text(0) : std::string();
}

Result<bool> Log::checkpoint(Signer& signer) {
  const auto range = state_of(*database_);
  if (!range) return std::unexpected(range.error());
  const auto last = last_checkpoint();
  if (!last) return std::unexpected(last.error());
  const auto parsed = parse_note(*last);
  // A last note that cannot be read was altered: the new one goes beside it, and verify names it.
  if (range->size() == 0 || (parsed && parsed->checkpoint.size >= range->size())) return false;
  const Checkpoint checkpoint{.origin = origin_, .size = range->size(), .root = range->root()};
  const auto key = signer.public_key();
  if (!key) return fail("audit key " + signer.name(), key.error());
  const auto signature = signer.sign(checkpoint_text(checkpoint));
  if (!signature) return fail("audit key " + signer.name(), signature.error());
  auto insert = database_->prepare("INSERT OR IGNORE INTO audit_checkpoint (size, note) VALUES (?1, ?2)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(1, static_cast<std::int64_t>(checkpoint.size)).bind(2, note_of(checkpoint, *key, *signature));
  if (auto added = insert->run(); !added) return std::unexpected(added.error());
  return true;
}

Result<Verdict> Log::verify(ByteView public_key) { return audit::verify(*database_, origin_, public_key); }

}  // namespace privyseal::audit
