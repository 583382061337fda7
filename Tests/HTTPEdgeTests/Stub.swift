// HTTPEdgeTests
