// privyseal-verify: reads provisioning files before anything else does, and lets them pass or not.
//
//     privyseal-verify PUBLIC_KEY FOLDER KEPT DISK
//
// What is judged, and what FOLDER gets, is told in sources.h. Exit status: 0 set-up may go on, 1 refused, 2
// wrong usage.
//
// Talks to nobody. An attacker who writes a source reaches parse_bundle and mbed TLS's ECDSA, in a static
// program with a user of its own, without network and without any file but FOLDER to write.
#include <sys/stat.h>

#include <cstdio>

#include "provisioning/verify/sources.h"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: privyseal-verify PUBLIC_KEY FOLDER KEPT DISK\n", stderr);
    return 2;
  }
  ::umask(0022);
  const auto judged =
      privyseal::provisioning::judge_sources(argv[1], argv[2], {.kept = argv[3], .disk = argv[4]});
  std::fprintf(stderr, "%s\n", judged ? judged->c_str() : judged.error().message.c_str());
  return judged ? 0 : 1;
}
