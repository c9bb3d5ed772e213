/// What a malware scanner said of a mail.
#pragma once

#include <string>

namespace privyseal::scan {

struct Verdict {
  enum class Kind {
    kClean,
    kInfected,
    kFailed,  ///< no verdict: the mail must not pass
  };
  Kind kind = Kind::kFailed;
  std::string why;  ///< the name of what was found, or why there is no verdict; printable ASCII

  bool operator==(const Verdict&) const = default;
};

}  // namespace privyseal::scan
