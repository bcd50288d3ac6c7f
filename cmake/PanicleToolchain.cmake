# ccache and mold when present, warnings, sanitizers.

find_program(PANICLE_CCACHE ccache)
if(PANICLE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache needs to cache files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${PANICLE_CCACHE})
endif()

find_program(PANICLE_MOLD mold)
if(PANICLE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# What every target of ours is compiled with; imported targets are system includes and stay quiet.
add_library(panicle_options INTERFACE)
# Designated initialisers leave the other members at their defaults on purpose; g++ 12 warns of it all the same.
target_compile_options(panicle_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers $<$<BOOL:${PANICLE_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms on C++20's std::string (GCC bugs 105329, 105651); a newer compiler looks for what they stand for.
  target_compile_options(panicle_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()
if(PANICLE_CCACHE)
  target_compile_options(panicle_options INTERFACE -fpch-preprocess)
endif()

if(PANICLE_SANITIZE)
  add_compile_options(-fsanitize=${PANICLE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PANICLE_SANITIZE})
endif()
