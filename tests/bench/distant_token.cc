// Makes the file by which tests/support/shim_module is told how far away its token is:
//
//   distant_token FILE CALL_US SIGN_US
//
// Each call of PKCS#11 takes CALL_US microseconds more, a signature SIGN_US on top.
#include <string>

#include "firmware/base/check.h"
#include "tests/support/shim.h"

int main(int argc, char** argv) {
  CHECK(argc == 4);
  privyseal::test::Shim shim(argv[1]);
  shim.set_latency(std::chrono::microseconds(std::stoi(argv[2])),
                   std::chrono::microseconds(std::stoi(argv[3])));
}
