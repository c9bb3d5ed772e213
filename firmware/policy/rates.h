/// How many mails each sender, and all of them together, sent within the last hour (clause 25), with an
/// exact sliding window.
///
/// Pure: the caller gives the time. Memory: one time for each mail of the last hour; the cap of the whole
/// organisation bounds it. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "firmware/base/clock.h"

namespace privyseal::policy {

struct RateCap {
  std::string key;  ///< "sender/alice@a.example", "organisation", "permit/MOJ-1"
  std::uint32_t per_hour;
};

class Rates {
 public:
  /// Counts a mail against all caps, or, when one of them is reached, against none: that one's place in
  /// `caps`, or -1.
  [[nodiscard]] int admit(const std::vector<RateCap>& caps, WallTime now);

  /// As admit, but counts nothing.
  [[nodiscard]] int reached(const std::vector<RateCap>& caps, WallTime now);

  /// A mail that an earlier process counted; those of one key oldest first.
  void count(const std::string& key, WallTime at) { windows_[key].mails.push_back(at); }

  /// Whether something was counted for this key.
  [[nodiscard]] bool counts(const std::string& key) const { return windows_.contains(key); }
  /// A person lets this key begin anew. False: nothing was counted for it.
  bool release(const std::string& key);

  struct Stopped {
    std::string key;
    std::size_t count;
  };
  /// The keys that were turned away within the last hour and have not been released.
  [[nodiscard]] std::vector<Stopped> stopped(WallTime now);

 private:
  struct Window {
    std::deque<WallTime> mails;
    WallTime turned_away{};
  };
  static void forget_before(Window& window, WallTime oldest);
  void tidy(WallTime now);

  std::map<std::string, Window> windows_;
  WallTime tidied_{};
};

}  // namespace privyseal::policy
