// Products
