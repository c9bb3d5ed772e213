#include "web-admin/server/admission.h"

namespace privyseal::web {

bool Admission::enter(const std::string& source, Time now) {
  // Sources that were signed in and left are forgotten here; they are as few as there are sessions.
  std::erase_if(sources_, [&](const auto& entry) {
    return entry.second.connections == 0 && entry.second.signed_in_until <= now;
  });
  const auto known = sources_.find(source);
  const std::uint32_t from_there = known == sources_.end() ? 0 : known->second.connections;
  const bool is_signed_in = known != sources_.end() && known->second.signed_in_until > now;
  if (from_there >= limits_.per_source) return false;
  if (total_ >= (is_signed_in ? limits_.total : limits_.total - limits_.reserve)) return false;
  ++sources_[source].connections;
  ++total_;
  return true;
}

void Admission::leave(const std::string& source) {
  --sources_[source].connections;
  --total_;
}

void Admission::signed_in(const std::string& source, Time now) {
  sources_[source].signed_in_until = now + limits_.remembered;
}

}  // namespace privyseal::web
