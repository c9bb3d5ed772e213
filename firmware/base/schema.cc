#include "firmware/base/schema.h"

#include <string>

namespace privyseal {
namespace {

Result<std::size_t> steps_taken(Database& database) {
  auto read = database.prepare("PRAGMA user_version");
  if (!read) return std::unexpected(read.error());
  const auto row = read->step();
  if (!row) return std::unexpected(row.error());
  return static_cast<std::size_t>(read->number(0));
}

}  // namespace

Result<void> apply_schema(Database& database, std::span<const SchemaStep> steps) {
  const auto taken = steps_taken(database);
  if (!taken) return std::unexpected(taken.error());
  for (std::size_t i = *taken; i < steps.size(); ++i) {
    const std::string mark = "PRAGMA user_version = " + std::to_string(i + 1);
    const auto done = transaction(database, [&] {
      return steps[i](database).and_then([&] { return database.execute(mark.c_str()); });
    });
    if (!done) return fail("schema step " + std::to_string(i + 1), done.error());
  }
  return {};
}

}  // namespace privyseal
