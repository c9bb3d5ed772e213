#include <cstdlib>

#include "firmware/base/base64.h"
#include "firmware/base/bytes.h"
#include "firmware/gateway/policy_request.h"
#include "firmware/gateway/rule_files.h"
#include "firmware/policy/rule_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace privyseal;
  const auto request = parse_json_object({reinterpret_cast<const char*>(data), size});
  if (!request) return 0;
  if (const auto part = gateway::read_policy_part(*request))
    if (part->after > gateway::kMaxBroughtBytes ||
        to_base64(part->content) != json_text(*request, "content").value())
      std::abort();
  const auto removal = gateway::read_policy_removal(*request);
  // The name becomes one of a file: nothing but ours may ever come through.
  if (removal && (!policy::is_rule_file(removal->name) || removal->why.empty())) std::abort();
  const auto setting = gateway::read_policy_setting(*request);
  if (setting && (!removal || setting->name != removal->name || setting->sha256.size() != 64)) std::abort();
  return 0;
}
