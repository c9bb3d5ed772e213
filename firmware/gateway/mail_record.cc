#include "firmware/gateway/mail_record.h"

namespace privyseal::gateway {

std::string_view to_string(Direction direction) { return direction == Direction::kOut ? "out" : "in"; }

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOpen:
      return "open";
    case Outcome::kDelivered:
      return "delivered";
    case Outcome::kDeferred:
      return "deferred";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kAborted:
      return "aborted";
    case Outcome::kRepeated:
      return "repeated";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace privyseal::gateway
