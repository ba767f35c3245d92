-- The columns of Magento 2.4 that are read, with its types, keys and indexes.
CREATE TABLE {store_website} (
  website_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code varchar(32) DEFAULT NULL UNIQUE,
  name varchar(64) DEFAULT NULL
);
CREATE TABLE {store} (
  store_id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code varchar(32) DEFAULT NULL UNIQUE,
  website_id smallint unsigned NOT NULL DEFAULT 0
);
CREATE TABLE {core_config_data} (
  config_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  scope varchar(8) NOT NULL DEFAULT 'default',
  scope_id int NOT NULL DEFAULT 0,
  path varchar(255) NOT NULL DEFAULT 'general',
  value text DEFAULT NULL,
  updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE (scope, scope_id, path)
);
CREATE TABLE {catalog_product_entity} (
  entity_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  type_id varchar(32) NOT NULL DEFAULT 'simple',
  sku varchar(64) NOT NULL,
  INDEX (sku)
);
CREATE TABLE {cataloginventory_stock_item} (
  item_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product_id int unsigned NOT NULL DEFAULT 0,
  stock_id smallint unsigned NOT NULL DEFAULT 1,
  qty decimal(12,4) DEFAULT NULL,
  min_qty decimal(12,4) NOT NULL DEFAULT 0,
  use_config_min_qty smallint unsigned NOT NULL DEFAULT 1,
  is_qty_decimal smallint unsigned NOT NULL DEFAULT 0,
  backorders smallint unsigned NOT NULL DEFAULT 0,
  use_config_backorders smallint unsigned NOT NULL DEFAULT 1,
  min_sale_qty decimal(12,4) NOT NULL DEFAULT 1,
  use_config_min_sale_qty smallint unsigned NOT NULL DEFAULT 1,
  max_sale_qty decimal(12,4) NOT NULL DEFAULT 0,
  use_config_max_sale_qty smallint unsigned NOT NULL DEFAULT 1,
  is_in_stock smallint unsigned NOT NULL DEFAULT 0,
  manage_stock smallint unsigned NOT NULL DEFAULT 0,
  use_config_manage_stock smallint unsigned NOT NULL DEFAULT 1,
  use_config_qty_increments smallint unsigned NOT NULL DEFAULT 1,
  qty_increments decimal(12,4) NOT NULL DEFAULT 0,
  use_config_enable_qty_inc smallint unsigned NOT NULL DEFAULT 1,
  enable_qty_increments smallint unsigned NOT NULL DEFAULT 0,
  website_id smallint unsigned NOT NULL DEFAULT 0,
  UNIQUE (product_id, stock_id)
);
CREATE TABLE {inventory_source} (
  source_code varchar(255) NOT NULL PRIMARY KEY,
  name varchar(255) NOT NULL,
  enabled smallint unsigned NOT NULL DEFAULT 1,
  description text DEFAULT NULL,
  latitude decimal(8,6) DEFAULT NULL,
  longitude decimal(9,6) DEFAULT NULL,
  country_id varchar(2) NOT NULL,
  region_id int unsigned DEFAULT NULL,
  region varchar(255) DEFAULT NULL,
  city varchar(255) DEFAULT NULL,
  street varchar(255) DEFAULT NULL,
  postcode varchar(255) NOT NULL,
  contact_name varchar(255) DEFAULT NULL,
  email varchar(255) DEFAULT NULL,
  phone varchar(255) DEFAULT NULL,
  fax varchar(255) DEFAULT NULL,
  use_default_carrier_config smallint unsigned NOT NULL DEFAULT 1
);
CREATE TABLE {inventory_stock} (
  stock_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(255) NOT NULL
);
CREATE TABLE {inventory_stock_sales_channel} (
  type varchar(64) NOT NULL,
  code varchar(64) NOT NULL,
  stock_id int unsigned NOT NULL,
  PRIMARY KEY (type, code)
);
CREATE TABLE {inventory_source_stock_link} (
  link_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  stock_id int unsigned NOT NULL,
  source_code varchar(255) NOT NULL,
  priority smallint unsigned NOT NULL,
  UNIQUE (stock_id, source_code),
  INDEX (stock_id, priority)
);
CREATE TABLE {inventory_source_item} (
  source_item_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  source_code varchar(255) NOT NULL,
  sku varchar(64) NOT NULL,
  quantity decimal(12,4) NOT NULL DEFAULT 0,
  status smallint unsigned NOT NULL DEFAULT 0,
  UNIQUE (source_code, sku),
  INDEX (sku, source_code, quantity)
);
CREATE TABLE {inventory_reservation} (
  reservation_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  stock_id int unsigned NOT NULL,
  sku varchar(64) NOT NULL,
  quantity decimal(10,4) NOT NULL DEFAULT 0,
  metadata varchar(255) DEFAULT NULL,
  INDEX (stock_id, sku, quantity)
);
CREATE TABLE {inventory_geoname} (
  entity_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  country_code varchar(64) NOT NULL,
  postcode varchar(64) NOT NULL,
  city varchar(180) NOT NULL,
  region varchar(100) NOT NULL,
  province varchar(64) NOT NULL,
  latitude double NOT NULL,
  longitude double NOT NULL
);
CREATE TABLE {sales_order} (
  entity_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  state varchar(32) DEFAULT NULL,
  status varchar(32) DEFAULT NULL,
  store_id smallint unsigned DEFAULT NULL,
  increment_id varchar(50) DEFAULT NULL,
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  INDEX (state), INDEX (status), INDEX (store_id), INDEX (created_at)
);
CREATE TABLE {sales_order_item} (
  item_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id int unsigned NOT NULL DEFAULT 0,
  parent_item_id int unsigned DEFAULT NULL,
  product_id int unsigned DEFAULT NULL,
  product_type varchar(255) DEFAULT NULL,
  product_options longtext DEFAULT NULL,
  is_virtual smallint unsigned DEFAULT NULL,
  sku varchar(255) DEFAULT NULL,
  is_qty_decimal smallint unsigned DEFAULT NULL,
  qty_canceled decimal(12,4) DEFAULT 0,
  qty_invoiced decimal(12,4) DEFAULT 0,
  qty_ordered decimal(12,4) DEFAULT 0,
  qty_refunded decimal(12,4) DEFAULT 0,
  qty_shipped decimal(12,4) DEFAULT 0,
  locked_do_ship smallint unsigned DEFAULT NULL,
  INDEX (order_id)
);
CREATE TABLE {sales_order_address} (
  entity_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  parent_id int unsigned DEFAULT NULL,
  address_type varchar(255) DEFAULT NULL,
  region_id int DEFAULT NULL,
  region varchar(255) DEFAULT NULL,
  postcode varchar(255) DEFAULT NULL,
  street varchar(255) DEFAULT NULL,
  city varchar(255) DEFAULT NULL,
  country_id varchar(2) DEFAULT NULL,
  INDEX (parent_id)
);
CREATE TABLE {inventory_pickup_location_order} (
  order_id int unsigned NOT NULL PRIMARY KEY,
  pickup_location_code varchar(255) NOT NULL
);
