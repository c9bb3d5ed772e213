#include "firmware/base/audit/door_operations.h"

#include <limits>

#include "firmware/base/audit/log.h"
#include "firmware/base/door.h"

namespace privyseal::audit {
namespace {

constexpr std::int64_t kMostEntries = 500;
// Quotes are escaped once more in the answer, which makes it at most twice as long.
constexpr std::size_t kMostEntriesBytes = kMaxDoorAnswerBytes / 2 - 1024;

const SystemClock kClock;

Result<JsonObject> entries(const JsonObject& request, Log& log) {
  const auto after = json_number(request, "after", 0, 0, std::numeric_limits<std::int64_t>::max());
  if (!after) return std::unexpected(after.error());
  const auto limit = json_number(request, "limit", kMostEntries, 1, kMostEntries);
  if (!limit) return std::unexpected(limit.error());
  const auto size = log.size();
  if (!size) return std::unexpected(size.error());
  const auto lines = log.entries(static_cast<std::uint64_t>(*after), static_cast<std::uint64_t>(*limit));
  if (!lines) return std::unexpected(lines.error());
  JsonArray array;
  std::size_t bytes = 0;
  for (const std::string& line : *lines) {
    bytes += line.size() + sizeof(R"("",)");
    if (bytes > kMostEntriesBytes && !array.empty()) break;
    array.emplace_back(line);
  }
  return JsonObject{{"entries", std::move(array)}, {"size", *size}};
}

Result<JsonObject> checkpoint(Log& log) {
  const auto size = log.size();
  if (!size) return std::unexpected(size.error());
  const auto note = log.last_checkpoint();
  if (!note) return std::unexpected(note.error());
  return JsonObject{{"note", *note}, {"size", *size}};
}

Result<JsonObject> verdict(Log& log, ByteView public_key) {
  const auto verdict = log.verify(public_key);
  if (!verdict) return std::unexpected(verdict.error());
  if (!verdict->ok)
    return fail(ErrorCode::kInvalid, "first bad entry " + std::to_string(verdict->first_bad.value_or(0)) +
                                         " of " + std::to_string(verdict->size) + ": " + verdict->why);
  return JsonObject{{"size", verdict->size},
                    {"checkpoint_size", verdict->checkpoint_size},
                    {"signatures_checked", !public_key.empty()}};
}

}  // namespace

bool is_door_operation(std::string_view operation) {
  return operation == "audit-entries" || operation == "audit-checkpoint" || operation == "audit-verify";
}

Result<JsonObject> answer_door(std::string_view operation, const JsonObject& request,
                               const DoorSource& source) {
  auto log = Log::open_to_read(source.database, std::string(source.origin), kClock);
  if (!log) return std::unexpected(log.error());
  if (operation == "audit-entries") return entries(request, *log);
  if (operation == "audit-checkpoint") return checkpoint(*log);
  if (operation == "audit-verify") return verdict(*log, source.public_key);
  return fail(ErrorCode::kNotFound, "no such operation");
}

}  // namespace privyseal::audit
