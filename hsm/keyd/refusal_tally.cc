#include "hsm/keyd/refusal_tally.h"

#include <algorithm>

namespace privyseal::keyd {

void RefusalTally::add(Refusal refusal) {
  if (!lines_.contains(refusal.actor) && lines_.size() >= kMaxActors) refusal.actor = "others";
  Line& line = lines_[refusal.actor];
  if (line.count++ == 0) line.first = std::move(refusal);
}

RefusalTally::Due RefusalTally::due_of(const Line& line) {
  const Refusal& first = line.first;
  std::string why = first.why;
  if (line.count > 1) why += "; and " + std::to_string(line.count - 1) + " more refusals";
  return {.actor = first.actor,
          .count = line.count,
          .entry = {.actor = first.actor,
                    .role = first.role,
                    .source = first.source,
                    .action = "request-refused",
                    .object = first.object,
                    .params_hash = {},
                    .outcome = "denied",
                    .why = std::move(why)}};
}

std::vector<RefusalTally::Due> RefusalTally::due(Time now) const {
  std::vector<Due> list;
  for (const auto& [actor, line] : lines_)
    if (line.count > 0 && line.not_before <= now) list.push_back(due_of(line));
  return list;
}

std::vector<RefusalTally::Due> RefusalTally::all() const { return due(Time::max()); }

void RefusalTally::settle(const Due& due, bool is_written, Time now) {
  const auto found = lines_.find(due.actor);
  if (found == lines_.end()) return;
  if (is_written) found->second.count -= std::min(due.count, found->second.count);
  found->second.not_before = now + kAtMostEvery;
  // Those who have been quiet for long enough make room for others.
  std::erase_if(lines_,
                [&](const auto& entry) { return entry.second.count == 0 && entry.second.not_before <= now; });
}

std::optional<RefusalTally::Time> RefusalTally::next_due() const {
  std::optional<Time> next;
  for (const auto& [actor, line] : lines_)
    if (line.count > 0 && (!next || line.not_before < *next)) next = line.not_before;
  return next;
}

}  // namespace privyseal::keyd
