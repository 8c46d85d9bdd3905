import{C as o}from"./index-DEEkLou2.js";const r=o("category",null);export{r as p};
